"""Files uploaded over HTTP: receiving them, running an import behind the server, telling what became of it."""
