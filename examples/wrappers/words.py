"""Counts words. Speaks frames: a length of 4 bytes, then JSON."""
import collections
import json
import struct
import sys

stdin, stdout = sys.stdin.buffer, sys.stdout.buffer

while head := stdin.read(4):
    (size,) = struct.unpack(">I", head)
    text = json.loads(stdin.read(size))
    if text == "crash":
        raise SystemExit("a bug, let us say")
    answer = json.dumps(collections.Counter(text.split())).encode()
    stdout.write(struct.pack(">I", len(answer)) + answer)
    stdout.flush()
