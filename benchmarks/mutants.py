"""Count the changes of the code that tests notice: a sample of mutmut's mutants of each module, drawn by a seed.

Each mutant is tried with the tests of its own module: in `tests/test_MODULE.py`, else in files that import it, else all
that reach it. Tests of more than half a second are left out where there are others. So the shares are lower bounds, and
each mutant takes seconds. What was noticed already is not tried again until its function changes: the same command
resumes an interrupted one, and repeats the rest after tests were added.

usage: python -m benchmarks.mutants [--sample N] [--seed SEED] dropout_mnist/dropout.py ...
"""

import argparse
import json
import random
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import get_module_from_key, get_mutant_name

# A test that failed, as opposed to one that ended by the time limit on a busy machine.
NOTICED = "killed"
# Which tests reach which function, as mutmut has found out.
STATS = Path("mutants/mutmut-stats.json")
# A test that takes longer, in seconds, is used only where there is no other.
LONG_TEST = 0.5


def main() -> None:
    """Try the sample of each module and print a table, then the mutants that no test noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+", type=Path, help="files of the package, as only_mutate has them")
    parser.add_argument("--sample", type=int, default=30, help="mutants per module (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="decides which mutants are tried (default: %(default)s)")
    options = parser.parse_args()
    samples = {module: draw(module, options.sample, options.seed) for module in options.modules}
    names = [name for module, sample in samples.items() for name in sample if read_state(module, name) != NOTICED]
    if names:
        try_mutants(names)
    missed = list(print_table(samples))
    print(f"\nSeed {options.seed}. No test noticed (`mutmut show NAME` shows the change):")
    print("\n".join(missed))


def draw(module: Path, size: int, seed: int) -> list[str]:
    """Return the names of some mutants of a module."""
    found = mutate_file_contents(str(module), module.read_text("utf-8")).mutant_names
    names = [get_mutant_name(module, name) for name in found]
    return random.Random(seed).sample(names, min(size, len(names)))


def try_mutants(names: Sequence[str]) -> None:
    """Try mutants, one at a time, each with its module's own tests."""
    command = ["mutmut", "run", "--max-children", "1"]
    # The first time, mutmut finds out which tests reach what.
    subprocess.run([*command, names[0]], check=True)
    stats = STATS.read_text("utf-8")
    try:
        STATS.write_text(keep_own_tests(stats), "utf-8")
        subprocess.run([*command, *names], check=True)
    finally:
        STATS.write_text(stats, "utf-8")


def keep_own_tests(stats: str) -> str:
    """Return mutmut's statistics with, for each function, the short tests of its module only."""
    sources = {path.as_posix(): path.read_text("utf-8") for path in Path("tests").glob("test_*.py")}
    values = json.loads(stats)
    seconds: dict[str, float] = values["duration_by_test"]
    reached: dict[str, list[str]] = values["tests_by_mangled_function_name"]
    for function, tests in reached.items():
        module = get_module_from_key(function)
        named = f"tests/test_{module.rpartition('.')[2]}.py"
        files = [named] if named in sources else [path for path, text in sources.items() if f"from {module} " in text]
        own = [test for test in tests if test.split("::")[0] in files] or tests
        reached[function] = [test for test in own if seconds[test] < LONG_TEST] or own
    return json.dumps(values)


def read_state(module: Path, mutant: str) -> str:
    """Return what became of a mutant of a module, in mutmut's words."""
    path = Path("mutants", f"{module}.meta")
    states = json.loads(path.read_text("utf-8"))["exit_code_by_key"] if path.exists() else {}
    return status_by_exit_code[states.get(mutant)]


def print_table(samples: dict[Path, list[str]]) -> Iterator[str]:
    """Print a row for each module; yield the mutants that no test noticed."""
    print("| module | mutants tried | noticed | not noticed |\n| --- | --- | --- | --- |")
    for module, names in samples.items():
        states = {name: read_state(module, name) for name in names}
        missed = [f"{name}: {state}" for name, state in states.items() if state != NOTICED]
        if names:
            print(f"| {module} | {len(names)} | {len(names) - len(missed)} | {len(missed)} |")
        yield from missed


if __name__ == "__main__":
    main()
