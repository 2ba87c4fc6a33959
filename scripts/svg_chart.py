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


def line_chart(title, x_label, y_label, series, log_x=False, y_range=None):
    """SVG text of `series`, a list of (name, [(x, y), ...]); step-free straight lines, legend on the right."""
    points = [p for _, values in series for p in values]
    if not points:
        raise ValueError(f"{title}: nothing to plot")
    low_x, high_x = min(x for x, _ in points), max(x for x, _ in points)
    low_y, high_y = y_range or (min(y for _, y in points), max(y for _, y in points))
    if high_x == low_x:
        high_x = low_x * 2 if log_x else low_x + 1
    if high_y == low_y:
        high_y = low_y + 1

    def to_x(x):
        share = math.log(x / low_x) / math.log(high_x / low_x) if log_x else (x - low_x) / (high_x - low_x)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def to_y(y):
        return HEIGHT - BOTTOM - (y - low_y) / (high_y - low_y) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="15" font-weight="bold">{html.escape(title)}</text>',
    ]
    for tick in log_ticks(low_x, high_x) if log_x else nice_ticks(low_x, high_x):
        x = to_x(tick)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#e0e0e0"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{tick:g}</text>')
    for tick in nice_ticks(low_y, high_y):
        y = to_y(tick)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#e0e0e0"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for index, (name, values) in enumerate(series):
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join(f"{to_x(x):.1f},{to_y(y):.1f}" for x, y in values)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = TOP + 14 + 18 * index
        parts.append(f'<line x1="{WIDTH - RIGHT + 12}" y1="{y - 4}" x2="{WIDTH - RIGHT + 32}" y2="{y - 4}" '
                     f'stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 38}" y="{y}">{html.escape(name)}</text>')
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HEIGHT - 12}" text-anchor="middle">{html.escape(x_label)}</text>')
    parts.append(f'<text x="18" y="{HEIGHT / 2:.0f}" text-anchor="middle" '
                 f'transform="rotate(-90 18 {HEIGHT / 2:.0f})">{html.escape(y_label)}</text>')
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
