"""A call over gRPC's own HTTP/2."""
from concurrent.futures import ThreadPoolExecutor

import grpc


def main():
    handler = grpc.unary_unary_rpc_method_handler(lambda request, context: request[::-1])
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("text", {"Reverse": handler})])
    server.add_insecure_port("127.0.0.1:18436")
    server.start()
    with grpc.insecure_channel("127.0.0.1:18436") as channel:
        print(channel.unary_unary("/text/Reverse")(b"stressed", timeout=60).decode())
    server.stop(None)
