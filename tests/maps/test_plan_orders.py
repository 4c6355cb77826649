"""What somebody does to a plan while others change it too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# A server that refuses whatever is meant for another version, and a page that takes what it answers. `others` are the
# names of orders before which somebody else changes the plan.
PLAY = """async (module, {names, others, failing, again}) => {
  let stored = 1;
  let plan = {version: 1};
  const told = {sent: [], undone: [], shown: []};
  const orders = new module.Orders({
    plan: () => plan,
    send: async ({what}, {version}) => {
      await new Promise((done) => setTimeout(done, 5));
      if (others.includes(what)) {
        others = others.filter((one) => one !== what);
        stored += 1;
      }
      told.sent.push([what, version]);
      if (failing.includes(what)) throw new Error("refused");
      if (version !== stored) throw Object.assign(new Error("changed"), {current: {version: stored}});
      stored += 1;
      return {version: stored};
    },
    done: (now, {what}) => { plan = now; told.shown.push(`done ${what}`); },
    refused: (now, {what}) => { plan = now; told.shown.push(`refused ${what}`); },
    failed: (error, {what}) => told.shown.push(`failed ${what}`),
  });
  const add = (what) => orders.add({what, topic: what, body: () => ({})});
  await Promise.all(names.map(add));
  told.undone.push(orders.undone.map(({what}) => what));
  for (const name of again) {
    const order = orders.undone.find(({what}) => what === name);
    await (order ? orders.again(order) : add(name));
    told.undone.push(orders.undone.map(({what}) => what));
  }
  return told;
}"""


def play(run_module: Callable[..., Any], names: list[str], **more: list[str]) -> dict[str, Any]:
    """Orders given at once, and then some again, one after the other."""
    values = {"names": names, "others": [], "failing": [], "again": [], **more}
    told: dict[str, Any] = run_module("plan_orders.js", PLAY, values)
    return told


def test_orders_follow_the_version_that_their_predecessor_got(run_module: Callable[..., Any]) -> None:
    told = play(run_module, ["a", "b", "c"])
    assert told["sent"] == [["a", 1], ["b", 2], ["c", 3]]
    assert told["undone"] == [[]]


def test_nothing_that_waits_goes_out_over_what_somebody_else_did(run_module: Callable[..., Any]) -> None:
    told = play(run_module, ["a", "b", "c"], others=["a"])
    assert told["sent"] == [["a", 1]]
    assert told["shown"] == ["refused a"]
    assert told["undone"] == [["a", "b", "c"]]


def test_what_was_kept_back_is_done_again_one_by_one(run_module: Callable[..., Any]) -> None:
    told = play(run_module, ["a", "b", "c"], others=["a"], again=["b", "new", "a"])
    # another order leaves the word about the rest where it is
    assert told["undone"] == [["a", "b", "c"], ["a", "c"], ["a", "c"], ["c"]]
    assert told["sent"][1:] == [["b", 2], ["new", 3], ["a", 4]]


def test_a_second_conflict_loses_nothing_of_the_first(run_module: Callable[..., Any]) -> None:
    told = play(run_module, ["a", "b"], others=["a", "b"], again=["b"])
    assert told["undone"] == [["a", "b"], ["a", "b"]]
    assert told["shown"] == ["refused a", "refused b"]


def test_what_fails_holds_back_nothing_else(run_module: Callable[..., Any]) -> None:
    told = play(run_module, ["a", "b"], failing=["a"])
    assert told["shown"] == ["failed a", "done b"]
    assert told["sent"] == [["a", 1], ["b", 1]]
