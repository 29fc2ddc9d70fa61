# An application that starts before the fake: python waiting.py FILE ADDRESS
import os
import sys

import stripe

file, address = sys.argv[1:]
stripe.max_network_retries = 0
client = stripe.StripeClient("sk_test_0123456789abcdefghijklmn")


def read():
    return client.subscriptions.retrieve("sub_1").id


def refused():
    try:
        read()
    except Exception as error:
        assert "holds no address: is `prodverdict rehearse` running" in str(error), error
        return
    raise AssertionError("it was not refused")


def write(text):
    with open(file, "w") as opened:
        opened.write(text)


refused()
write("http://api.stripe.com\n")
refused()
write(address + "\n")
assert read() == "sub_1"
os.remove(file)
refused()
write(address)
assert read() == "sub_1"
os.remove(file)
