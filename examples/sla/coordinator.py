"""A coordinator to try out: the pods that a file names, one a line, may be taken down.

``python3 examples/sla/coordinator.py 8090 /tmp/may-go`` listens on 127.0.0.1. It answers the
operator (docs/sla.md), and prints what it was asked.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Coordinator(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        listed = Path(sys.argv[2])
        allow = listed.exists() and question["pod"] in listed.read_text().split()
        print(question["requestId"], question["pod"], "allowed" if allow else "denied", flush=True)
        message = "" if allow else f"{question['pod']} is not in {listed.name}"
        answer = json.dumps({"allow": allow, "message": message}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Print nothing but the questions."""


HTTPServer(("127.0.0.1", int(sys.argv[1])), Coordinator).serve_forever()
