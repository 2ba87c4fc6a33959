"""Serving over a placement of layers on machines, with the KV cache as the limit: a discrete-event simulation.

Requests are offered without end. At the start as many as fit are on their way, each somewhere in its output. One is
admitted to a path of machines when all of them have KV room for its whole length, paths in proportion to the
placement's max flow. A machine takes whatever waits for it into one iteration: one token of every decoding request, and
waiting prompts up to PROMPT_LIMIT tokens; an iteration over k layers takes k times the layer times of both. Links send
one batch after the other. The last machine's token goes to the coordinator and from there to the first machine."""

import collections
import dataclasses
import heapq
import itertools
import random

from helix_cluster import ACTIVATION_BYTES, MACHINES, SINK, SOURCE, TOKEN_BYTES

PROMPT_LIMIT = 2048


@dataclasses.dataclass
class Request:
    prompt: int
    output: int
    path: list = None
    made: int = 0  # output tokens so far
    hop: int = 0


@dataclasses.dataclass
class Result:
    output_tokens_per_s: float
    requests_per_s: float


class Router:
    """Finds paths for requests: at every machine the successor that is furthest behind its share of the flow, among
    those from which a path with room goes on."""

    def __init__(self, flows, room):
        self.following = collections.defaultdict(dict)
        for (a, b), flow in flows.items():
            self.following[a][b] = flow
        self.sent = collections.Counter()
        self.room = room

    def path(self, tokens, at=SOURCE):
        row = self.following[at]
        for after in sorted(row, key=lambda b: ((self.sent[at, b] + 1) / row[b], b == SINK, str(b))):
            if after == SINK:
                return [after]
            if self.room[after] >= tokens and (rest := self.path(tokens, after)):
                return [after, *rest]
        return None

    def take(self, path, tokens):
        for a, b in itertools.pairwise([SOURCE, *path]):
            self.sent[a, b] += 1
            if b != SINK:
                self.room[b] -= tokens

    def release(self, path, tokens):
        for node in path[:-1]:
            self.room[node] += tokens


class Machine:
    def __init__(self, times, layers):
        self.times, self.layers = times, layers
        self.prompts, self.decodes = collections.deque(), []
        self.busy = False

    def next_batch(self):
        batch, tokens = self.decodes, 0
        self.decodes = []
        sequences = len(batch)
        while self.prompts and (not tokens or tokens + self.prompts[0].prompt <= PROMPT_LIMIT):
            tokens += self.prompts[0].prompt
            batch.append(self.prompts.popleft())
        return batch, self.layers * (self.times.prompt_s(tokens) + self.times.decode_s(sequences))


class Simulation:
    def __init__(self, cluster, times, placement, flows, lengths, seed=1):
        """`lengths`: (prompt, output) tokens of the requests, offered in order and again from the start."""
        self.cluster = cluster
        room = {}
        self.machines = {}
        for node, span in enumerate(placement):
            if span:
                name = cluster.types[node]
                room[node] = MACHINES[name].kv_tokens(span[1] - span[0])
                self.machines[node] = Machine(times[name], span[1] - span[0])
        self.router = Router(flows, room)
        self.offered = Request(*lengths[0])
        self.later = itertools.cycle(lengths[1:] + lengths[:1])
        self.underway = self.draw_underway(lengths, random.Random(seed))
        self.links_free = collections.Counter()
        self.events, self.order = [], itertools.count()
        self.now = self.tokens = self.done = 0

    @staticmethod
    def draw_underway(lengths, source):
        """A request is met on its way as often as its output is long."""
        weights = list(itertools.accumulate(output for _, output in lengths))
        while True:
            (prompt, output), = source.choices(lengths, cum_weights=weights)
            yield Request(prompt, output, made=source.randrange(output))

    def run(self, warm_up_s, seconds):
        self.admit(self.underway)
        counting = False
        while self.events and self.events[0][0] <= warm_up_s + seconds:
            self.now, _, node, batch = heapq.heappop(self.events)
            if not counting and self.now >= warm_up_s:
                counting, self.tokens, self.done = True, 0, 0
            if batch is None:
                self.finish(node)
            else:
                self.arrive(node, batch)
        return Result(self.tokens / seconds, self.done / seconds)

    def admit(self, requests=None):
        """Admits requests in order until one finds no path with room."""
        arriving = collections.defaultdict(list)
        request = self.offered if requests is None else next(requests)
        while path := self.router.path(request.prompt + request.output):
            request.path = path
            self.router.take(path, request.prompt + request.output)
            arriving[path[0]].append(request)
            request = Request(*next(self.later)) if requests is None else next(requests)
        if requests is None:
            self.offered = request
        for node, batch in arriving.items():
            self.send(SOURCE, node, batch)

    def send(self, a, b, batch):
        tokens = sum(request.prompt if not request.made else 1 for request in batch)
        link = self.cluster.links[a, b]
        token_bytes = TOKEN_BYTES if SOURCE in (a, b) or SINK in (a, b) else ACTIVATION_BYTES
        sent = max(self.now, self.links_free[a, b]) + tokens * token_bytes / link.bytes_per_s
        self.links_free[a, b] = sent
        heapq.heappush(self.events, (sent + link.latency_s, next(self.order), b, batch))

    def arrive(self, node, batch):
        if node == SINK:
            self.tokens_made(batch)
            return
        machine = self.machines[node]
        for request in batch:
            (machine.decodes if request.made else machine.prompts).append(request)
        self.start(node)

    def start(self, node):
        machine = self.machines[node]
        if not machine.busy and (machine.decodes or machine.prompts):
            machine.batch, seconds = machine.next_batch()
            machine.busy = True
            heapq.heappush(self.events, (self.now + seconds, next(self.order), node, None))

    def finish(self, node):
        machine = self.machines[node]
        machine.busy = False
        leaving = collections.defaultdict(list)
        for request in machine.batch:
            request.hop += 1
            leaving[request.path[request.hop]].append(request)
        for after, batch in leaving.items():
            self.send(node, after, batch)
        self.start(node)

    def tokens_made(self, batch):
        self.tokens += len(batch)
        done = self.done
        again = collections.defaultdict(list)
        for request in batch:
            request.made += 1
            request.hop = 0
            if request.made < request.output:
                again[request.path[0]].append(request)
            else:
                self.done += 1
                self.router.release(request.path, request.prompt + request.output)
        for node, requests in again.items():
            self.send(SOURCE, node, requests)
        if self.done > done:
            self.admit()
