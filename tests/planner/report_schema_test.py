"""What hexgen-plan rent and share print with --json, and the files that they write, are valid by the schemas in profiles/schema.

Usage: report_schema_test.py HEXGEN_PLAN, in the repository root. Exits 77 (skipped) without jsonschema."""
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

SHORT = ["--requests", "60", "--population", "6", "--generations", "1", "--quiet", "--json"]


def problems_of(kind, text):
    schema = json.loads(pathlib.Path(f"profiles/schema/{kind}.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    return [f"{kind}: {error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(text))]


def run(*arguments):
    return subprocess.run([sys.argv[1], *arguments, *SHORT], capture_output=True, text=True, check=True).stdout


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        problems = []
        for limits in (["--budget", "4"], ["--budget", "4", "--objective", "rate"]):
            problems += problems_of("rent", run(
                "rent", "--offers", "cloud-2026-11", "--model", "llama-3.1-8b", "--workload", "azure-conversation",
                "--rivals", "2", "--out", folder / "plan.json", "--cluster-out", folder / "cluster.json", *limits))
        problems += problems_of("share", run(
            "share", "--cluster", "hexgen-half", "--serve", "llama-2-70b:hexgen-32", "llama-2-13b:hexgen-64:2",
            "--out-dir", folder))
        problems += problems_of("cluster", (folder / "cluster.json").read_text())
        for plan in folder.glob("plan*.json"):
            problems += problems_of("plan", plan.read_text())
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
