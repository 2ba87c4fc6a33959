"""What the validation scripts share: files, programs that may fail, errors, ranks and tables."""

import contextlib
import json
import math
import os
import pathlib
import signal
import subprocess
import tempfile
import time

PROFILE_HELP = "measured profiles for the prediction; of a folder those in its subfolder of the cluster's name"
TESTBED = pathlib.Path(__file__).resolve().parent / "testbed"


class ProgramFailed(Exception):
    """A program ended with an error, or ran for too long. Says why in one line."""


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def run_together(commands, time_limit_s):
    """Runs the commands at the same time. When one fails, or the limit is over, all end with what they started."""
    deadline = time.monotonic() + time_limit_s
    with contextlib.ExitStack() as files:
        messages = [files.enter_context(tempfile.TemporaryFile("w+")) for _ in commands]
        running = [subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=file,
                                    start_new_session=True) for command, file in zip(commands, messages)]
        try:
            for process, file in zip(running, messages):
                if process.wait(max(0, deadline - time.monotonic())) != 0:
                    file.seek(0)
                    lines = file.read().strip().splitlines() or ["no message"]
                    raise ProgramFailed(f"exit code {process.returncode}: {lines[-1]}")
        except subprocess.TimeoutExpired:
            raise ProgramFailed(f"not done after {time_limit_s:g} s") from None
        finally:
            for process in running:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


def is_emulated(plan):
    """True when the plan's machines are parts of GPUs, so that each needs a process of its own (scripts/testbed)."""
    return any("multiprocessors" in gpu for gpu in plan["cluster"].get("gpu_types", []))


def profile_options(plan, paths):
    """--profile for each file, and for each file of a folder's subfolder of the name of the plan's cluster."""
    files = []
    for path in paths:
        files += sorted((path / plan["cluster"]["name"]).glob("*.json")) if path.is_dir() else [path]
    return [word for file in files for word in ("--profile", file)]


def hexgen_run(program, plan_path, pipeline, words, testbed):
    """The command that runs one pipeline of a plan: on the testbed or in one process."""
    which = ["--plan", plan_path, "--pipeline", pipeline]
    return [TESTBED, "--program", program, *which, "--", *words] if testbed else [program, *words, *which]


def check_machines(plan):
    """On the testbed the processes of two pipelines cannot share a machine's GPUs: they would take turns."""
    owners = {}
    for pipeline in plan["pipelines"]:
        devices = (device for stage in pipeline["stages"] for device in stage["devices"])
        for node in dict.fromkeys(device.rpartition(":")[0] for device in devices):
            if owners.setdefault(node, pipeline["name"]) != pipeline["name"]:
                raise ProgramFailed(
                    f"pipelines {owners[node]} and {pipeline['name']} share {node}, which takes one process at a time")


def relative_error(predicted, measured):
    return predicted / measured - 1


def nearest_rank(values, share):
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def ranks(values):
    """1 for the smallest; equal values share the mean of their ranks."""
    ordered = sorted(values)
    return [ordered.index(value) + (ordered.count(value) + 1) / 2 for value in values]


def spearman(first, second):
    """Correlation of the ranks; None where one side has a single value only."""
    a, b = ranks(first), ranks(second)
    mean = (len(a) + 1) / 2
    spread = math.sqrt(sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b))
    return sum((x - mean) * (y - mean) for x, y in zip(a, b)) / spread if spread > 0 else None


def share_out(requests, weights):
    """How many of the requests each pipeline gets: smooth weighted round robin, as hexgen's router."""
    credit, counts = [0.0] * len(weights), [0] * len(weights)
    for _ in range(requests):
        credit = [have + weight for have, weight in zip(credit, weights)]
        chosen = credit.index(max(credit))
        credit[chosen] -= sum(weights)
        counts[chosen] += 1
    return counts


def attainment(values):
    """Points (x, share of the values that are at most x) of the distribution, lowest x first."""
    return [(value, (index + 1) / len(values)) for index, value in enumerate(sorted(values))]


def largest_gap(first, second):
    """Largest vertical distance of the two distributions."""
    def share(values, x):
        return sum(value <= x for value in values) / len(values)
    return max(abs(share(first, x) - share(second, x)) for x in (*first, *second))


def markdown_table(header, rows):
    lines = ["| " + " | ".join(cells) + " |" for cells in (header, ["---"] * len(header), *rows)]
    return "\n".join(lines) + "\n"
