"""Draws text and encodes it three ways, with libraries that the wheel brings."""
import io

from PIL import Image, ImageDraw, ImageFont


def main():
    image = Image.new("RGB", (200, 80), "white")
    ImageDraw.Draw(image).text((10, 10), "text", fill="black", font=ImageFont.load_default(size=40))
    for kind in ("PNG", "JPEG", "WEBP"):
        encoded = io.BytesIO()
        image.save(encoded, kind)
        print(kind, Image.open(io.BytesIO(encoded.getvalue())).size, end=" ")
    print(min(image.convert("L").getdata()) < 64)
