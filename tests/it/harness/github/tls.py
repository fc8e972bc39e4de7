"""Takes encrypted connections, and passes what is in them on to the stand-in for GitHub.

Arguments: the certificate with its key, and the port to pass on to. Prints its own port.
"""

import socket
import ssl
import sys
import threading


def pump(source: socket.socket, target: socket.socket) -> None:
    """Pass bytes on until there are none."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    target.close()


def serve(raw: socket.socket, context: ssl.SSLContext, port: int) -> None:
    """Serve one connection."""
    try:
        near = context.wrap_socket(raw, server_side=True)
    except OSError:
        return
    far = socket.create_connection(("127.0.0.1", port))
    threading.Thread(target=pump, args=(near, far), daemon=True).start()
    pump(far, near)


def main() -> None:
    """Serve until it is killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        raw, _ = listener.accept()
        arguments = (raw, context, int(sys.argv[2]))
        threading.Thread(target=serve, args=arguments, daemon=True).start()


main()
