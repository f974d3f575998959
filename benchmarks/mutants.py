"""Count the changes of the code that tests notice: a sample of mutmut's mutants of each module, drawn by a seed.

Each mutant is tried with its module's own tests: those in `tests/test_MODULE.py`, else in files that import it, else
all that reach it. So the shares are lower bounds, and each mutant takes seconds.

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

# All other states are a failure of the tests: one that fails, does not end, or cannot be imported.
MISSED = ("survived", "no tests", "not checked")
# Which tests reach which function, as mutmut has found out.
STATS = Path("mutants/mutmut-stats.json")


def main() -> None:
    """Try the sample of each module and print a table, then the mutants that no test noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+", type=Path, help="files of the package, as only_mutate has them")
    parser.add_argument("--sample", type=int, default=30, help="mutants per module (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="decides which mutants are tried (default: %(default)s)")
    options = parser.parse_args()
    samples = {module: draw(module, options.sample, options.seed) for module in options.modules}
    names = [name for sample in samples.values() for name in sample]
    if not STATS.exists():
        run_mutmut(names[:1])
    stats = STATS.read_text("utf-8")
    try:
        STATS.write_text(keep_own_tests(stats), "utf-8")
        run_mutmut(names)
    finally:
        STATS.write_text(stats, "utf-8")
    missed = list(print_table(samples))
    print(f"\nSeed {options.seed}. No test noticed (`mutmut show NAME` shows the change):")
    print("\n".join(missed))


def run_mutmut(names: Sequence[str]) -> None:
    """Try mutants, one at a time."""
    subprocess.run(["mutmut", "run", "--max-children", "1", *names], check=True)  # noqa: S607


def draw(module: Path, size: int, seed: int) -> list[str]:
    """Return the names of some mutants of a module."""
    found = mutate_file_contents(str(module), module.read_text("utf-8")).mutant_names
    names = [get_mutant_name(module, name) for name in found]
    return random.Random(seed).sample(names, min(size, len(names)))


def keep_own_tests(stats: str) -> str:
    """Return mutmut's statistics with, for each function, the tests of its module only."""
    sources = {path.as_posix(): path.read_text("utf-8") for path in Path("tests").glob("test_*.py")}
    values = json.loads(stats)
    reached: dict[str, list[str]] = values["tests_by_mangled_function_name"]
    for function, tests in reached.items():
        module = get_module_from_key(function)
        named = f"tests/test_{module.rpartition('.')[2]}.py"
        own = [named] if named in sources else [path for path, text in sources.items() if f"from {module} " in text]
        reached[function] = [test for test in tests if test.split("::")[0] in own] or tests
    return json.dumps(values)


def print_table(samples: dict[Path, list[str]]) -> Iterator[str]:
    """Print a row for each module; yield the mutants that no test noticed."""
    print("| module | mutants tried | noticed | not noticed |\n| --- | --- | --- | --- |")
    for module, names in samples.items():
        if not names:
            continue
        meta = json.loads(Path("mutants", f"{module}.meta").read_text("utf-8"))
        missed = [name for name in names if status_by_exit_code[meta["exit_code_by_key"][name]] in MISSED]
        print(f"| {module} | {len(names)} | {len(names) - len(missed)} | {len(missed)} |")
        yield from missed


if __name__ == "__main__":
    main()
