"""What hexgen-sim writes is valid by the schemas in profiles/schema.

Usage: result_schema_test.py HEXGEN_SIM, in the repository root. Exits 77 (skipped) without jsonschema."""
import json
import pathlib
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

PLAN = "tests/data/plan/two_pipelines.json"
REQUESTS = ["--workload", "azure-conversation", "--num-requests", "200", "--json", "--quiet"]
CASES = {
    "report": [["run", "--plan", PLAN], ["run", "--plan", PLAN, "--slo", "e2el:1"]],
    "sweep": [["sweep", "--plan", PLAN, "--rates", "1,4000"]],
    "comparison": [["compare", "--plans", PLAN, PLAN]],
}


def main():
    problems = []
    for kind, commands in CASES.items():
        schema = json.loads(pathlib.Path(f"profiles/schema/{kind}.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for command in commands:
            done = subprocess.run([sys.argv[1], *command, *REQUESTS], capture_output=True, text=True, check=True)
            problems += [f"{' '.join(command)}: {error.json_path}: {error.message}"
                         for error in validator.iter_errors(json.loads(done.stdout))]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
