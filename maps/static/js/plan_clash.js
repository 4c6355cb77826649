// Whether doing something on top of what others did meanwhile would replace an answer of theirs to the same question.
// `theirs` are entries of the plan's history, `now` and `mine` the answer as it stands and as it would be.

// An answer to an item of the checklist that would take back another's; languages that are only added join theirs.
export function checklistClash(theirs, item, now, mine) {
  const isReplaced = now.is_ready !== mine.is_ready || now.languages.some((code) => !mine.languages.includes(code));
  return isReplaced ? find(theirs, "checklist", item, now, mine) : null;
}

// Another reason than the one that somebody else gave for the same stop.
export const reasonClash = (theirs, about, now, mine) => (now && now !== mine ? find(theirs, "justified", about, now, mine) : null);

// With the name of whoever answered last.
function find(theirs, what, about, now, mine) {
  const last = theirs.filter((one) => one.what === what && one.about === about).at(-1);
  return last ? { by: last.by, now, mine } : null;
}
