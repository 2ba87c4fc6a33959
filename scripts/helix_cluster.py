"""The clusters and layer times of Helix (ASPLOS 2025), read from a folder that holds them.

FOLDER/clusters/NAME.ini and FOLDER/llama2_70b/MACHINE/{prompt,decode}_bs2time.csv are files of
Thesys-lab/Helix-ASPLOS25 (Apache-2.0); nothing of them is part of this project.
"""

import ast
import bisect
import configparser
import csv
import dataclasses
import functools
import pathlib

NUM_LAYERS = 80
LAYER_BYTES = 2 * 855_654_400  # of one layer of Llama-2-70B, fp16
KV_BYTES = 2 * 2 * 1024  # of one token in one layer
BLOCK_TOKENS = 16
TOKEN_BYTES, ACTIVATION_BYTES = 2, 2 * 8192
SOURCE, SINK = "source", "sink"
UNITS = {"kbps": 1e3, "mbps": 1e6, "gbps": 1e9, "MilliSec": 1e-3, "Sec": 1.0}  # bytes/s and s


@dataclasses.dataclass(frozen=True)
class Machine:
    """Limits of a machine type as the repository states them (llama2_70b_MACHINE.py): the layers it may hold, and the
    KV blocks of 16 tokens beside one layer and beside the most layers. Between them the bytes for KV fall linearly."""

    max_layers: int
    blocks_beside_one: int
    blocks_beside_most: int

    def kv_tokens(self, layers):
        """Tokens whose KV fits beside so many layers, as they were measured or on the line through both points."""
        most = self.max_layers
        low, high = self.blocks_beside_one, most * self.blocks_beside_most
        layer_blocks = low + (high - low) * (layers - 1) / (most - 1)
        return max(0.0, BLOCK_TOKENS * layer_blocks / layers)

    @property
    def memory_bytes(self):
        """What weights and KV share beside one layer."""
        return LAYER_BYTES + self.blocks_beside_one * BLOCK_TOKENS * KV_BYTES


MACHINES = {
    "A100": Machine(12, 498326, 17591),
    "V100": Machine(4, 172256, 21800),
    "L4": Machine(7, 266146, 15634),
    "L4x2": Machine(14, 578630, 16974),
    "T4": Machine(4, 155320, 17566),
    "T4x2": Machine(9, 366898, 15678),
    "T4x4": Machine(18, 763104, 16353),
}


@dataclasses.dataclass(frozen=True)
class Link:
    bytes_per_s: float
    latency_s: float


@dataclasses.dataclass
class Cluster:
    name: str
    types: list  # machine type of each node
    links: dict  # (from, to) -> Link; from may be SOURCE, to may be SINK

    @functools.cached_property
    def regions(self):
        """Groups of nodes with links under 10 ms between them, as a number for each node."""
        regions = {}
        for node in range(len(self.types)):
            near = (other for other in range(node) if self.links[other, node].latency_s < 0.01)
            regions[node] = regions.get(next(near, None), len(set(regions.values())))
        return regions


def value(expression):
    """Evaluates products such as `12.5 * mbps`."""

    def walk(tree):
        if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult):
            return walk(tree.left) * walk(tree.right)
        if isinstance(tree, ast.Name) and tree.id in UNITS:
            return UNITS[tree.id]
        if isinstance(tree, ast.Constant) and isinstance(tree.value, (int, float)):
            return float(tree.value)
        raise ValueError(f"{expression!r} is not a number times units")

    return walk(ast.parse(expression, mode="eval").body)


def read_cluster(path):
    """Reads NodeNames, ComputeNode-i and Link-a-b; a link between nodes holds in both directions."""
    path = pathlib.Path(path)
    file = configparser.ConfigParser()
    file.read_string(path.read_text(), source=str(path))
    count = int(file["NodeNames"]["total_compute_nodes"])
    types = [file[f"ComputeNode-{node}"]["type"] for node in range(count)]
    links = {}
    for section in file.sections():
        if section.startswith("Link-"):
            ends = [end if end in (SOURCE, SINK) else int(end) for end in section.split("-")[1:]]
            link = Link(value(file[section]["bandwidth"]), value(file[section]["latency"]))
            links[tuple(ends)] = link
            if SOURCE not in ends and SINK not in ends:
                links[ends[1], ends[0]] = link
    return Cluster(path.stem, types, links)


class LayerTimes:
    """Seconds of one layer by tokens of prompts and by decoding sequences, linear between the rows."""

    def __init__(self, folder):
        self.prompt = self.read(pathlib.Path(folder) / "prompt_bs2time.csv")
        self.decode = self.read(pathlib.Path(folder) / "decode_bs2time.csv")

    @staticmethod
    def read(path):
        with open(path, newline="") as file:
            rows = [(float(x), float(ms) / 1000) for x, ms in csv.reader(file)]
        return [x for x, _ in rows], [s for _, s in rows]

    @staticmethod
    def interpolate(table, x):
        xs, ys = table
        high = min(max(1, bisect.bisect_left(xs, x)), len(xs) - 1)  # beyond the last row along the last two
        share = (x - xs[high - 1]) / (xs[high] - xs[high - 1])
        return ys[high - 1] + share * (ys[high] - ys[high - 1])

    def prompt_s(self, tokens):
        return self.interpolate(self.prompt, tokens) if tokens else 0.0

    def decode_s(self, sequences):
        return self.interpolate(self.decode, sequences) if sequences else 0.0


def read_times(folder, types):
    return {name: LayerTimes(pathlib.Path(folder) / "llama2_70b" / name.lower()) for name in set(types)}
