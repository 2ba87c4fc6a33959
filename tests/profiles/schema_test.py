"""Shipped files are valid by the schemas in profiles/schema, and broken ones are not.

Run in the repository root. Exits 77 (skipped) without the package jsonschema."""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

# What only the reader can see: names that must exist or be unique, and comparisons between values.
BEYOND_SCHEMA = {
    "cluster": {"assumed_names_no_key", "duplicate_key", "gpu_type_incomplete", "gpu_type_twice",
                "link_to_itself", "link_to_unknown_node", "link_to_unknown_region", "link_twice", "name_twice", "unknown_usual_link",
                "no_intra_link", "no_links", "unconnected", "unknown_gpu", "unknown_intra_link"},
    "layer_profile": {"attention_of_nothing", "operator_twice", "point_twice"},
    "price_list": {"link_to_unknown_offer", "link_twice", "name_twice", "no_link_within_offer", "no_links",
                   "too_many_in_all", "unconnected", "unknown_gpu"},
    "workload": {"lognormal_mean_below_median", "max_below_min", "unknown_reference_gpu"},
}


def validator_of(kind):
    schema = json.loads(pathlib.Path(f"profiles/schema/{kind}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def refuse_constant(name):
    raise ValueError(f"{name} is no JSON")


def check_valid(kind, path):
    errors = list(validator_of(kind).iter_errors(json.loads(path.read_text())))
    return [f"{path}: {error.json_path}: {error.message}" for error in errors]


def check_broken(kind, path):
    try:
        document = json.loads(path.read_text(), parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return []  # no JSON: nothing for a schema to say
    refused = not validator_of(kind).is_valid(document)
    beyond = path.stem in BEYOND_SCHEMA[kind]
    if refused == beyond:
        return [f"{path}: {'refused' if refused else 'accepted'} by the schema"]
    return []


def main():
    profiles = pathlib.Path("profiles")
    problems = check_valid("gpus", profiles / "gpus.json")
    problems += check_valid("links", profiles / "links.json")
    for kind in ("cluster", "price_list", "workload"):
        for path in sorted((profiles / f"{kind}s").glob("*.json")):
            problems += check_valid(kind, path)
        for path in sorted(pathlib.Path(f"tests/data/bad/{kind}").glob("*.json")):
            problems += check_broken(kind, path)
    problems += check_valid("layer_profile", pathlib.Path("tests/data/layer_profile/small.json"))
    for path in sorted(pathlib.Path("tests/data/bad/layer_profile").glob("*.json")):
        problems += check_broken("layer_profile", path)
    for path in profiles.glob("schema/*.schema.json"):
        validator_of(path.name.split(".")[0])
    for path in sorted(pathlib.Path("tests/data/plan").glob("*.json")):
        problems += check_valid("plan", path)
    for path in sorted(profiles.glob("measured/*/*.json")):
        problems += check_valid("profile", path)
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
