"""A run in one line, for a badge or a status: what is fine, of how many, and what stands in the way."""

from keyward.checklists.result import FINE, Run, Word, counted


def line(run: Run) -> str:
    """Such as `gemini-production: 31/50, 2 fail, 17 unknown`."""
    counts = counted(run.answers)
    judged = len(run.answers) - counts.get(Word.NOT_APPLICABLE, 0)
    fine = sum(number for word, number in counts.items() if word in FINE) - counts.get(Word.NOT_APPLICABLE, 0)
    rest = [f"{number} {word.said}" for word, number in counts.items() if word not in FINE]
    return ", ".join([f"{run.checklist.id}: {fine}/{judged}", *rest]) + "\n"
