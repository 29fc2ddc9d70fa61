"""Requests to the provider that are not redirected must fail; without the variable, all of them (argument: all)."""

import http.client
import socket
import ssl
import sys
import urllib.request

import requests
import stripe


def fails(call):
    try:
        call()
    except Exception as error:
        assert "prodverdict: " in repr(error), repr(error)
        return
    raise AssertionError("it was not refused")


for host in ("api.stripe.com", "files.stripe.com", "connect.stripe.com", "meter-events.stripe.com"):
    fails(lambda: socket.create_connection((host, 443)))
    fails(lambda: ssl.create_default_context().wrap_socket(socket.socket(), server_hostname=host))
    fails(lambda: requests.get("https://%s/v1/customers" % host))
    fails(lambda: urllib.request.urlopen("https://%s/v1/customers" % host))
    fails(lambda: http.client.HTTPSConnection(host).request("GET", "/v1/customers"))
if "all" in sys.argv:
    stripe.max_network_retries = 0
    stripe.api_key = "sk_test_0123456789abcdefghijklmn"
    fails(lambda: stripe.Customer.list())
    fails(lambda: stripe.StripeClient("sk_test_0123456789abcdefghijklmn").v1.customers.list())
