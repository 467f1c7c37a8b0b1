"""Knows an address by one of some thousand modules that are imported by name."""
from yt_dlp import YoutubeDL
from yt_dlp.extractor import gen_extractor_classes


def main():
    known = [kind.ie_key() for kind in gen_extractor_classes() if kind.suitable("https://media.ccc.de/v/30C3_-_5443")]
    with YoutubeDL({"quiet": True}) as downloads:
        print(known[0], downloads.prepare_filename({"id": "1", "title": "a film", "ext": "mp4"}))
