// What somebody does to a plan, sent one order after the other. Each order is meant for the plan that its maker saw; the
// server refuses it for any other. Orders that nobody is asked about again follow their predecessor, never a stranger.

export class Orders {
  // `plan()` is the plan as the page shows it, `send(order, value)` asks the server and gives the plan as it is then;
  // `done(plan, order)`, `refused(current, order)` where somebody else was quicker, and `failed(error, order)` tell it on.
  constructor({ plan, send, done, refused, failed }) {
    Object.assign(this, { plan, send, done, refused, failed });
    this.line = [];
    this.isSending = false;
    // What somebody else's change has kept from being done, the refused one first.
    this.undone = [];
  }

  // Resolves once the order is done, refused, failed or kept back. `topic` is what it is about: who does that another time
  // needs no word about the first.
  add(order) {
    return new Promise((settle) => {
      this.line.push({ ...order, version: this.plan().version, settle });
      this.run();
    });
  }

  async run() {
    if (this.isSending) return;
    this.isSending = true;
    try {
      while (this.line.length) {
        const order = this.line.shift();
        await this.attempt(order);
        order.settle();
      }
    } finally {
      this.isSending = false;
    }
  }

  async attempt(order) {
    try {
      const value = order.body(this.plan());
      if (value === null) return;
      const before = order.version;
      const plan = await this.send(order, { version: before, ...value });
      for (const one of this.line) if (one.version === before) one.version = plan.version;
      this.undone = this.undone.filter(({ topic }) => topic !== order.topic);
      this.done(plan, order);
    } catch (error) {
      if (error.current) this.park(error.current, order);
      else this.failed(error, order);
    }
  }

  // Those that wait were meant for a plan that is no longer: none of them goes out unasked.
  park(current, order) {
    const waiting = this.line.splice(0);
    this.undone.push(order, ...waiting);
    this.refused(current, order);
    for (const one of waiting) one.settle();
  }

  // An order that was kept back, for the plan as its maker sees it now.
  again(order) {
    this.drop(order);
    return this.add(order);
  }

  drop(order) {
    this.undone = this.undone.filter((one) => one !== order);
  }
}
