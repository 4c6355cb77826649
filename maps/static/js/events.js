// What happened on the page, told to whoever wants to know: "surface" (its description), "ranking" (the entries), "cell"
// (the explained cell, or null when it was closed).

export function createEvents() {
  const listeners = new Map();
  return {
    on(name, listener) {
      if (!listeners.has(name)) listeners.set(name, new Set());
      listeners.get(name).add(listener);
      return () => listeners.get(name).delete(listener);
    },
    tell(name, what) {
      for (const listener of listeners.get(name) ?? []) listener(what);
    },
  };
}
