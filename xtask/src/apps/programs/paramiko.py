"""An SSH server and a client with new keys."""
import socket
import threading

import paramiko


class Server(paramiko.ServerInterface):
    def check_auth_password(self, username, password):
        return paramiko.AUTH_SUCCESSFUL if password == "a secret" else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        channel.send(b"ran " + command)
        channel.send_exit_status(0)
        threading.Timer(0.2, channel.close).start()
        return True


def main():
    near, far = socket.socketpair()
    server = paramiko.Transport(far)
    server.add_server_key(paramiko.ECDSAKey.generate())
    server.start_server(threading.Event(), Server())
    client = paramiko.Transport(near)
    client.connect(username="someone", password="a secret")
    channel = client.open_session()
    channel.exec_command("whatever")
    print(channel.makefile().read().decode())
    client.close()
    server.close()
