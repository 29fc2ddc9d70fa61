# HTTP clients other than the library's: each requests the provider over HTTPS, through the environment's proxy.
import asyncio
import os
import urllib.request

import aiohttp
import certifi
import httpx
import requests

URL = "https://api.stripe.com/v1/customers"
HEADERS = {"Authorization": "Bearer " + os.environ["STRIPE_SECRET_KEY"]}


def tell(name, body):
    print(name, body["object"], body["data"])


async def with_httpx():
    async with httpx.AsyncClient() as client:
        tell("httpx", (await client.get(URL, headers=HEADERS)).json())


async def with_aiohttp():
    async with aiohttp.ClientSession(trust_env=True) as client:
        async with client.get(URL, headers=HEADERS) as answer:
            tell("aiohttp", await answer.json())


tell("requests", requests.get(URL, headers=HEADERS).json())
tell("requests with authorities of its own", requests.get(URL, headers=HEADERS, verify=certifi.where()).json())
tell("httpx without async", httpx.get(URL, headers=HEADERS).json())
with urllib.request.urlopen(urllib.request.Request(URL, headers=HEADERS)) as answer:
    print("urllib", answer.status)
asyncio.run(with_httpx())
asyncio.run(with_aiohttp())
