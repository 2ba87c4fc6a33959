#!/usr/bin/env python3
"""Replays a measured vLLM run of casys-kaist/LLMServingSim (bench/examples) from the layer profile of its GPU and prints
the errors of the simulation. RUN holds requests.jsonl, meta.json and the profile's tables (in layer_profile/ or --tables)."""

import argparse
import json
import math
import pathlib
import subprocess
import tempfile

MODELS = pathlib.Path(__file__).parent.parent / "profiles" / "models"


def read_requests(path):
    """Latencies in s counted from when the engine queued a request, as the authors of the runs do."""
    requests = [json.loads(line) for line in path.read_text().splitlines()]
    start = min(request["queued_ts"] for request in requests)
    end = max(request["last_token_ts"] for request in requests)
    return requests, {
        "TTFT": [r["first_token_ts"] - r["queued_ts"] for r in requests],
        "TPOT": [(r["last_token_ts"] - r["first_token_ts"]) / (r["output_toks"] - 1) for r in requests if r["output_toks"] > 1],
        "E2E": [r["last_token_ts"] - r["queued_ts"] for r in requests],
    }, sum(r["output_toks"] for r in requests) / (end - start)


def kv_tokens(meta, requests, given):
    """Tokens of KV cache: as given, as recorded, or so many that the cache never limits."""
    if given:
        return given
    if "kv_cache" in meta:
        return meta["kv_cache"]["num_gpu_blocks"] * meta["kv_cache"]["block_size"]
    longest = max(r["input_toks"] + r["output_toks"] for r in requests)
    print("The run does not record its KV blocks: simulated with a cache that never fills (else give --kv-tokens).")
    return longest * meta["engine_kwargs"]["max_num_seqs"]


def make_plan(gpu_type, model, tp_degree, max_num_seqs, tokens):
    config = json.loads((MODELS / f"{model}.json").read_text())
    devices = [f"host:{gpu}" for gpu in range(tp_degree)]
    stage = {"first_layer": 0, "num_layers": config["num_hidden_layers"], "devices": devices}
    return {
        "format": "hexgen.plan/1",
        "provenance": {"tool": "replay_measured_run.py", "commit": "none", "seed": 1, "inputs": []},
        "model": {"name": model, "config": config},
        "cluster": {"format": "hexgen.cluster/1", "name": "measured", "nodes": [
            {"name": "host", "region": "lab", "gpu_type": gpu_type, "gpus": tp_degree, "intra_link": "pcie5", "price_per_hour": 1.0}]},
        "pipelines": [{"name": "vllm", "weight": 1, "max_batch": max_num_seqs, "kv_capacity_tokens": tokens, "stages": [stage]}],
        "predicted": {},
    }


def nearest_rank(values, share):
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def print_errors(simulated, measured):
    print(f"{'error, %':10}{'mean':>8}{'median':>8}{'p90':>8}{'p99':>8}{'measured mean':>16}")
    for name, values in measured.items():
        mean = sum(values) / len(values)
        errors = [sum(simulated[name]) / len(simulated[name]) / mean - 1]
        errors += [nearest_rank(simulated[name], share) / nearest_rank(values, share) - 1 for share in (0.5, 0.9, 0.99)]
        print(f"{name:10}" + "".join(f"{100 * error:+8.2f}" for error in errors) + f"{1e3 * mean:13.1f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=pathlib.Path, metavar="RUN")
    parser.add_argument("--gpu-type", required=True, help="name in the catalogue, e.g. RTX-PRO-6000")
    parser.add_argument("--model", required=True, help="name in profiles/models, e.g. llama-3.1-8b")
    parser.add_argument("--tables", type=pathlib.Path, help="folder of the layer profile's tables (default: RUN)")
    parser.add_argument("--kv-tokens", type=int, help="tokens of the KV cache: vLLM's num_gpu_blocks x block size")
    parser.add_argument("--programs", type=pathlib.Path, default="build/dev/bin", help="folder of hexgen-plan and hexgen-sim")
    options = parser.parse_args()

    meta = json.loads((options.run / "meta.json").read_text())
    engine = meta["engine_kwargs"]
    requests, measured, measured_tokens_per_s = read_requests(options.run / "requests.jsonl")
    tp_degree = engine.get("tensor_parallel_size") or 1
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tokens = kv_tokens(meta, requests, options.kv_tokens)
        plan = make_plan(options.gpu_type, options.model, tp_degree, engine["max_num_seqs"], tokens)
        (folder / "plan.json").write_text(json.dumps(plan))
        subprocess.run([options.programs / "hexgen-plan", "profile", "--import", f"llmservingsim:{options.tables or options.run}",
                        "--gpu-type", options.gpu_type, "--model", options.model, "--tp-degree", str(tp_degree),
                        "--out", folder / "profile.json"], check=True)
        subprocess.run([options.programs / "hexgen-sim", "run", "--plan", folder / "plan.json", "--profile", folder / "profile.json",
                        "--trace", f"llmservingsim:{options.run / 'requests.jsonl'}", "--warmup", "0", "--kv-watermark", "0",
                        "--max-batched-tokens", str(engine["max_num_batched_tokens"]), "--async-scheduling",
                        "--reuse-preempted-kv", "--out", folder / "report.json", "--requests", folder / "requests.jsonl"], check=True)
        report = json.loads((folder / "report.json").read_text())
        played = [json.loads(line) for line in (folder / "requests.jsonl").read_text().splitlines()]
    played = [request for request in played if request["state"] == "completed"]
    simulated = {"TTFT": [r["ttft_ms"] / 1e3 for r in played],
                 "TPOT": [r["tpot_ms"] / 1e3 for r in played if r["output_tokens"] > 1],
                 "E2E": [r["e2el_ms"] / 1e3 for r in played]}
    print_errors(simulated, measured)
    print(f"output tokens/s {100 * (report['output_throughput'] / measured_tokens_per_s - 1):+.2f} % "
          f"(measured {measured_tokens_per_s:.1f}); {len(played)} of {len(requests)} requests simulated")


if __name__ == "__main__":
    main()
