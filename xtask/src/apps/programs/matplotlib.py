"""Draws with fonts and styles from the package's data."""
import io

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plot


def main():
    plot.style.use("ggplot")
    figure, axes = plot.subplots()
    axes.plot([1, 4, 9], label="$x^2$")
    axes.legend()
    image = io.BytesIO()
    figure.savefig(image, format="png")
    print(image.getvalue()[1:4].decode(), matplotlib.font_manager.findfont("DejaVu Sans").endswith("DejaVuSans.ttf"))
