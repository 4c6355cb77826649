"""The process that draws, which waits for as long as a file is there: ``waiting_worker.py FLAG FILE``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from geo.risk.uncertainty import estimate, worker
from geo.risk.uncertainty.estimate import Question

FLAG = Path(sys.argv[1])
answer = estimate.answer_question


def wait_first(question: Question) -> object:
    """What a drawing that takes minutes looks like from outside; the file says that it has begun."""
    if FLAG.exists():
        FLAG.write_text("begun")
    while FLAG.exists():
        time.sleep(0.05)
    if FLAG.with_suffix(".fail").exists():
        sys.stdout.write("to standard output\n")
        message = "nobody foresaw this"
        raise RuntimeError(message)
    return answer(question)


if __name__ == "__main__":
    estimate.answer_question = wait_first  # type: ignore[assignment]
    worker.draw(int(sys.argv[2]))
