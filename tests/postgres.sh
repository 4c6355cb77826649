#!/usr/bin/env bash
# A PostgreSQL server for the tests, on this machine's loopback alone, that forgets everything when it stops.
#
#   tests/postgres.sh start    starts it and prints the variables to export
#   tests/postgres.sh stop     stops it and removes its folder
#
# It needs the Debian packages postgresql and postgresql-15-postgis-3. The server refuses to run as root, so root runs
# it as the user postgres. PGPORT chooses another port, PGFOLDER another folder.
set -euo pipefail

port="${PGPORT:-54329}"
folder="${PGFOLDER:-${TMPDIR:-/tmp}/norrsyn-postgres-$port}"
bin="$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)"
[ -n "$bin" ] || bin="$(dirname "$(command -v pg_ctl || true)")"
[ -x "$bin/pg_ctl" ] || {
  echo "there is no pg_ctl here: apt-get install postgresql postgresql-15-postgis-3" >&2
  exit 1
}

as_server() {
  if [ "$(id -u)" -eq 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

start() {
  if [ ! -d "$folder/data" ]; then
    mkdir -p "$folder"
    [ "$(id -u)" -ne 0 ] || chown postgres "$folder"
    chmod 700 "$folder"
    as_server "$bin/initdb" --pgdata="$folder/data" --username=norrsyn --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
      --no-sync >/dev/null
  fi
  # what the tests write is thrown away: waiting for the disk would only slow them down
  as_server "$bin/pg_ctl" --pgdata="$folder/data" --log="$folder/log" --wait --silent start \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c fsync=off -c max_connections=200"
  echo "export NORRSYN_TEST_DATABASE_URL=postgresql://norrsyn@127.0.0.1:$port/postgres"
  echo "export NORRSYN_REQUIRE_POSTGRES=1"
}

stop() {
  if [ -f "$folder/data/postmaster.pid" ]; then
    as_server "$bin/pg_ctl" --pgdata="$folder/data" --silent --mode=immediate stop || true
  fi
  rm -rf "$folder"
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  *)
    echo "usage: $0 start|stop" >&2
    exit 2
    ;;
esac
