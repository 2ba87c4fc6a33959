"""Line charts as standalone SVG, with the Python standard library alone."""

import html
import math

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 180, 40, 50
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"]  # Okabe-Ito


def nice_ticks(low, high, count=5):
    """About `count` round values that cover [low, high]."""
    if high <= low:
        high = low + 1
    step = 10 ** math.floor(math.log10((high - low) / count))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= count)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low, high):
    """Powers of ten, with 2 and 5 between them when there are few."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1, 2, 5) if len(exponents) <= 4 else (1,)
    ticks = [f * 10.0**e for e in exponents for f in factors]
    return [t for t in ticks if low * 0.999 <= t <= high * 1.001]


def to_axis(low, high, first, last, log=False):
    """The function that takes values in [low, high] to places in [first, last]."""
    def place(value):
        share = math.log(value / low) / math.log(high / low) if log else (value - low) / (high - low)
        return first + share * (last - first)
    return place


def frame(title, x_label, y_label, x_ticks, y_ticks):
    """Title, labels and grid; ticks are pairs (value, place)."""
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="15" font-weight="bold">{html.escape(title)}</text>',
        f'<text x="{middle:.0f}" y="{HEIGHT - 12}" text-anchor="middle">{html.escape(x_label)}</text>',
        f'<text x="18" y="{HEIGHT / 2:.0f}" text-anchor="middle" '
        f'transform="rotate(-90 18 {HEIGHT / 2:.0f})">{html.escape(y_label)}</text>',
    ]
    for tick, x in x_ticks:
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#e0e0e0"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{tick:g}</text>')
    for tick, y in y_ticks:
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#e0e0e0"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    return parts


def stroke(colour, dashed=False):
    return f'fill="none" stroke="{colour}" stroke-width="2"' + (' stroke-dasharray="5 4"' if dashed else "")


def legend_text(index, name):
    return f'<text x="{WIDTH - RIGHT + 38}" y="{TOP + 14 + 18 * index}">{html.escape(name)}</text>'


def line_chart(title, x_label, y_label, series, log_x=False, y_range=None, in_pairs=False):
    """SVG text of `series`, a list of (name, [(x, y), ...]); step-free straight lines, legend on the right. In pairs, every two
    series share a colour and the second is dashed."""
    points = [p for _, values in series for p in values]
    if not points:
        raise ValueError(f"{title}: nothing to plot")
    low_x, high_x = min(x for x, _ in points), max(x for x, _ in points)
    low_y, high_y = y_range or (min(y for _, y in points), max(y for _, y in points))
    if high_x == low_x:
        high_x = low_x * 2 if log_x else low_x + 1
    if high_y == low_y:
        high_y = low_y + 1
    to_x = to_axis(low_x, high_x, LEFT, WIDTH - RIGHT, log_x)
    to_y = to_axis(low_y, high_y, HEIGHT - BOTTOM, TOP)
    x_ticks = log_ticks(low_x, high_x) if log_x else nice_ticks(low_x, high_x)
    parts = frame(title, x_label, y_label, [(x, to_x(x)) for x in x_ticks],
                  [(y, to_y(y)) for y in nice_ticks(low_y, high_y)])
    for index, (name, values) in enumerate(series):
        style = stroke(COLOURS[(index // 2 if in_pairs else index) % len(COLOURS)], in_pairs and index % 2 == 1)
        path = " ".join(f"{to_x(x):.1f},{to_y(y):.1f}" for x, y in values)
        y = TOP + 10 + 18 * index
        parts.append(f'<polyline points="{path}" {style}/>')
        parts.append(f'<line x1="{WIDTH - RIGHT + 12}" y1="{y}" x2="{WIDTH - RIGHT + 32}" y2="{y}" {style}/>')
        parts.append(legend_text(index, name))
    return "\n".join([*parts, "</svg>"]) + "\n"


def agreement_chart(title, x_label, y_label, series, margins=(0.1, 0.2)):
    """SVG text of points (x, y) that would lie on the diagonal if y were x, both axes logarithmic, with lines where y is off
    by each margin. `series` as for line_chart()."""
    values = [value for _, points in series for point in points for value in point]
    if not values:
        raise ValueError(f"{title}: nothing to plot")
    low, high = min(values) / 1.3, max(values) * 1.3
    to_x = to_axis(low, high, LEFT, WIDTH - RIGHT, log=True)
    to_y = to_axis(low, high, HEIGHT - BOTTOM, TOP, log=True)
    ticks = log_ticks(low, high)
    parts = frame(title, x_label, y_label, [(x, to_x(x)) for x in ticks], [(y, to_y(y)) for y in ticks])
    for factor in sorted({1.0, *(1 + m for m in margins), *(1 - m for m in margins)}):
        first, last = max(low, low / factor), min(high, high / factor)
        grey = 40 if factor == 1 else round(100 + 500 * abs(factor - 1))
        parts.append(f'<line x1="{to_x(first):.1f}" y1="{to_y(first * factor):.1f}" x2="{to_x(last):.1f}" '
                     f'y2="{to_y(last * factor):.1f}" {stroke(f"rgb({grey},{grey},{grey})", factor != 1)}/>')
    for index, (name, points) in enumerate(series):
        dot = f'r="4" fill="{COLOURS[index % len(COLOURS)]}" fill-opacity="0.75"'
        parts += [f'<circle cx="{to_x(x):.1f}" cy="{to_y(y):.1f}" {dot}/>' for x, y in points]
        parts.append(f'<circle cx="{WIDTH - RIGHT + 22}" cy="{TOP + 10 + 18 * index}" {dot}/>')
        parts.append(legend_text(index, name))
    return "\n".join([*parts, "</svg>"]) + "\n"


def stacked(charts):
    """One SVG with the charts below one another."""
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT * len(charts)}">']
    for index, chart in enumerate(charts):
        parts.append(chart.replace("<svg ", f'<svg y="{HEIGHT * index}" width="{WIDTH}" height="{HEIGHT}" ', 1))
    return "\n".join([*parts, "</svg>"]) + "\n"
