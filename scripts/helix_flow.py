"""Helix's objective: the max flow of tokens through machines that each hold a range of layers.

A placement is a list of (first layer, end layer), one for each node, or None for a node that is idle. A request may go
from one machine to the next where the first one's range ends at the layer that the second one's range begins with.
The capacity of a machine is its tokens per second with a typical batch, that of a link its bytes per second over the
bytes of a token's activation.
"""

import collections
import itertools
import math
import random

from helix_cluster import ACTIVATION_BYTES, MACHINES, NUM_LAYERS, SINK, SOURCE, TOKEN_BYTES

SLOPE, FIRST_HEAT, HEAT_LEFT = 0.02, 0.03, 0.002
PROMPT_TOKENS, OUTPUT_TOKENS = 750, 240  # the request that stands for the workload
KV_SHARE_USED = 0.3  # of the KV room, by the typical batch
USUAL_LAYERS = {"A100": 8, "V100": 3, "L4": 4, "L4x2": 9, "T4": 3, "T4x2": 6, "T4x4": 12}
FIRST_LAYERS_PER_S = {"A100": 80, "V100": 40, "L4": 20, "L4x2": 30, "T4": 12.5, "T4x2": 20, "T4x4": 30}


class NodeRates:
    """Tokens per second of a machine type by its layers.

    The typical batch of a machine is its share of the requests that its KV room can hold: those that are at this
    machine rather than at another one on their way through all layers. That way takes the mean time a layer over all
    machines, which follows from the rates; ten rounds settle both."""

    def __init__(self, types, times):
        self.times = times
        self.counts = collections.Counter(types)
        usual = {name: USUAL_LAYERS[name] for name in self.counts}
        if sum(self.counts[name] * usual[name] for name in usual) < 1.2 * NUM_LAYERS:
            usual = {name: MACHINES[name].max_layers for name in self.counts}
        self.usual_layers = usual
        self.layers_per_s = {name: FIRST_LAYERS_PER_S[name] for name in self.counts}
        for _ in range(10):
            self.layers_per_s = {name: usual[name] * self.tokens_per_s(name, usual[name]) for name in self.counts}
        self.table = {
            (name, layers): self.tokens_per_s(name, layers)
            for name in self.counts
            for layers in range(1, MACHINES[name].max_layers + 1)
        }

    def share_of_time(self, name, layers):
        """Of a request's way through the model that it spends at this machine."""
        held = {other: self.counts[other] * self.usual_layers[other] for other in self.counts}
        mean_s = sum(held[other] / self.layers_per_s[other] for other in held) / sum(held.values())
        here_s = layers / self.layers_per_s[name]
        return here_s / (here_s + (NUM_LAYERS - layers) * mean_s)

    def tokens_per_s(self, name, layers):
        room = int(KV_SHARE_USED * MACHINES[name].kv_tokens(layers))
        sequences = room / (PROMPT_TOKENS + OUTPUT_TOKENS) * self.share_of_time(name, layers)
        prompts = sequences / OUTPUT_TOKENS  # that start while each sequence decodes one token
        tokens = round(prompts * PROMPT_TOKENS) + round(sequences)
        if tokens == 0:  # no room for KV
            return 0.0
        layer_s = self.times[name].prompt_s(int(round(prompts * PROMPT_TOKENS) / prompts)) * prompts
        layer_s += self.times[name].decode_s(round(sequences))
        return tokens / (layers * layer_s)


class Flow:
    """The max flow of placements on one cluster."""

    def __init__(self, cluster, times):
        self.cluster = cluster
        self.rates = NodeRates(cluster.types, times)
        self.token_rate = {
            ends: link.bytes_per_s / (TOKEN_BYTES + (0 if SOURCE in ends or SINK in ends else ACTIVATION_BYTES))
            for ends, link in cluster.links.items()
        }

    def node_rate(self, node, span):
        """Also of more layers than the machine may hold by their limits, which a plan of ours may give it."""
        key = self.cluster.types[node], span[1] - span[0]
        if key not in self.rates.table:
            self.rates.table[key] = self.rates.tokens_per_s(*key)
        return self.rates.table[key]

    def edges(self, placement):
        """(from, to, capacity) with a vertex at either end of every machine."""
        held = [node for node, span in enumerate(placement) if span]
        starts = collections.defaultdict(list)
        for node in held:
            starts[placement[node][0]].append(node)
        for node in held:
            first, end = placement[node]
            yield (node, "in"), (node, "out"), self.node_rate(node, placement[node])
            if first == 0:
                yield SOURCE, (node, "in"), self.token_rate[SOURCE, node]
            if end == NUM_LAYERS:
                yield (node, "out"), SINK, self.token_rate[node, SINK]
            for after in starts[end]:
                yield (node, "out"), (after, "in"), self.token_rate[node, after]

    def solve(self, placement):
        """Tokens per second, and what goes from machine to machine: {(from, to): tokens per second}."""
        total, flows = max_flow(self.edges(placement), SOURCE, SINK)
        end = lambda vertex: vertex[0] if isinstance(vertex, tuple) else vertex  # noqa: E731
        return total, {(end(a), end(b)): flow for (a, b), flow in flows.items() if end(a) != end(b) and flow > 1e-9}

    def value(self, placement):
        return self.solve(placement)[0]

    def without_links(self, placement):
        """The max flow if links had no limit: an upper bound of value(), over layers instead of machines."""
        capacity = collections.Counter()
        for node, span in enumerate(placement):
            if span:
                capacity[span] += self.node_rate(node, span)
        return max_flow(((a, b, rate) for (a, b), rate in capacity.items()), 0, NUM_LAYERS)[0]


def max_flow(edges, source, sink):
    """Dinic's algorithm: the total and the flow of every edge {(from, to): flow}."""
    residual = collections.defaultdict(dict)
    for a, b, capacity in edges:
        residual[a][b] = residual[a].get(b, 0.0) + capacity
        residual[b].setdefault(a, 0.0)
    capacity = {a: dict(row) for a, row in residual.items()}
    total = 0.0
    while (level := levels(residual, source)).get(sink) is not None:
        untried = {vertex: list(row) for vertex, row in residual.items()}
        while pushed := push(residual, level, untried, source, sink, math.inf):
            total += pushed
    flows = {(a, b): capacity[a][b] - left for a, row in residual.items() for b, left in row.items()}
    return total, {ends: flow for ends, flow in flows.items() if flow > 0}


def levels(residual, source):
    level = {source: 0}
    queue = collections.deque([source])
    while queue:
        vertex = queue.popleft()
        for after, left in residual[vertex].items():
            if left > 1e-9 and after not in level:
                level[after] = level[vertex] + 1
                queue.append(after)
    return level


def push(residual, level, untried, vertex, sink, limit):
    """Sends flow along one path of rising levels; 0 when there is none left."""
    if vertex == sink:
        return limit
    row = residual[vertex]
    while untried[vertex]:
        after = untried[vertex][-1]
        if row[after] > 1e-9 and level.get(after) == level[vertex] + 1:
            pushed = push(residual, level, untried, after, sink, min(limit, row[after]))
            if pushed:
                row[after] -= pushed
                residual[after][vertex] += pushed
                return pushed
        untried[vertex].pop()
    return 0


class Annealer:
    """Simulated annealing of placements by a score, which starts from machines dealt out in order.

    Ranges only match where one ends at the layer that another begins with, so a move either gives one machine a range
    between two such layers or moves one such layer for all machines that meet there."""

    def __init__(self, flow, seed):
        self.flow = flow
        self.random = random.Random(seed)

    def most_layers(self, node):
        return MACHINES[self.flow.cluster.types[node]].max_layers

    def first_placement(self):
        """Each machine, in random order, behind the one before; a pipeline that ends early starts again at 0."""
        nodes = list(range(len(self.flow.cluster.types)))
        while True:
            self.random.shuffle(nodes)
            placement = [None] * len(nodes)
            at = 0
            for node in nodes:
                end = min(NUM_LAYERS, at + self.most_layers(node))
                placement[node] = (at, end)
                at = end % NUM_LAYERS
            if self.flow.value(placement) > 0:
                return placement

    def moved_machine(self, placement):
        placement = list(placement)
        node = self.random.randrange(len(placement))
        ends = sorted({layer for span in placement if span for layer in span})
        first = self.random.choice([layer for layer in ends if layer < NUM_LAYERS])
        room = [layer for layer in ends if first < layer <= first + self.most_layers(node)]
        if not room or self.random.random() < 0.2:
            room = [min(NUM_LAYERS, first + self.random.randint(1, self.most_layers(node)))]
        placement[node] = (first, self.random.choice(room))
        return placement

    def swapped(self, placement):
        """Two machines change places, as far as both may hold the other's layers."""
        placement = list(placement)
        a, b = self.random.sample(range(len(placement)), 2)
        if all(placement[from_][1] - placement[from_][0] <= self.most_layers(to) for from_, to in ((a, b), (b, a))):
            placement[a], placement[b] = placement[b], placement[a]
        return placement

    def moved_layer(self, placement):
        ends = sorted({layer for span in placement if span for layer in span} - {0, NUM_LAYERS})
        if not ends:
            return placement
        old = self.random.choice(ends)
        new = old + self.random.choice((-3, -2, -1, 1, 2, 3))
        moved = []
        for node, span in enumerate(placement):
            span = tuple(new if layer == old else layer for layer in span)
            if not 0 < span[1] - span[0] <= self.most_layers(node) or span[0] < 0 or span[1] > NUM_LAYERS:
                return placement
            moved.append(span)
        return moved

    def slope(self, placement):
        """A share of the least throughput of any layer, to tell placements of equal flow apart."""
        change = [0.0] * (NUM_LAYERS + 1)
        for node, span in enumerate(placement):
            if span:
                rate = self.flow.node_rate(node, span)
                change[span[0]] += rate
                change[span[1]] -= rate
        return SLOPE * min(itertools.accumulate(change[:NUM_LAYERS]))

    def run(self, moves, visit=None):
        """The best placement of so many moves and its flow. `visit(placement, flow)` sees every improvement."""
        now = best = self.first_placement()
        best_flow = self.flow.value(now)
        now_score = best_flow + self.slope(now)
        for move in range(moves):
            temperature = FIRST_HEAT * max(best_flow, 1.0) * HEAT_LEFT ** (move / moves)
            change = self.random.choice((self.moved_machine, self.moved_machine, self.swapped, self.moved_layer))
            candidate = change(now)
            least = now_score + temperature * math.log(1 - self.random.random())
            slope = self.slope(candidate)
            if slope <= 0 or slope / SLOPE + slope < least or self.flow.without_links(candidate) + slope < least:
                continue
            flow = self.flow.value(candidate)
            if flow + slope >= least and flow > 0:
                now, now_score = candidate, flow + slope
                if flow > best_flow:
                    best, best_flow = candidate, flow
                    if visit:
                        visit(best, best_flow)
        return best, best_flow
