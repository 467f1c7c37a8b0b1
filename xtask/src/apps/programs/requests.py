"""TLS with a certificate of its own, and the bundle of certificate authorities that certifi brings."""
import datetime
import http.server
import ipaddress
import pathlib
import ssl
import tempfile
import threading

import certifi
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .sign(key, hashes.SHA256()))
    file = pathlib.Path(folder, "server.pem")
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return file


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"over TLS")

    def log_message(self, *words):
        pass


def main():
    with tempfile.TemporaryDirectory() as folder:
        file = certificate(folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 18437), Hello)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            requests.get("https://127.0.0.1:18437/")
            refused = False
        except requests.exceptions.SSLError:
            refused = True
        answer = requests.get("https://127.0.0.1:18437/", verify=str(file))
        print(answer.text, refused, pathlib.Path(certifi.where()).stat().st_size > 100_000)
