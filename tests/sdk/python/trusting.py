"""TLS connections to a local server under the provider's host name: python trusting.py PORT AUTHORITY yes|no.

They trust AUTHORITY, which issued the server's certificate. They must succeed if it is the authority of the rehearsal
(yes), and fail in the handshake otherwise (no).
"""

import asyncio
import socket
import ssl
import sys

port, authority, of_the_rehearsal = int(sys.argv[1]), sys.argv[2], sys.argv[3] == "yes"
context = ssl.create_default_context(cafile=authority)


def over_a_socket():
    with socket.create_connection(("127.0.0.1", port)) as plain:
        context.wrap_socket(plain, server_hostname="api.stripe.com").close()


async def over_memory():
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="api.stripe.com")
    writer.close()


for connect in (over_a_socket, lambda: asyncio.run(over_memory())):
    try:
        connect()
    except ssl.SSLCertVerificationError:
        assert not of_the_rehearsal
    else:
        assert of_the_rehearsal
