# prodverdict: sends this program's calls of a billing provider's API to a fake one.
#
# Python loads this file at its start: PYTHONPATH=<the folder of this file>, with PRODVERDICT_STRIPE_API or
# PRODVERDICT_PADDLE_API (or both) set to http://host:port, or to the path of a file that will hold that address
# (`fake.address_file`), which is read at each call. Requests of the `stripe` package to Stripe's hosts, and of `requests`
# and `httpx` to Paddle's, are sent there instead, without proxies. Requests that it cannot redirect fail: none reaches a
# real API while this file is loaded.
import functools
import importlib.machinery
import importlib.util
import os
import sys


class _Provider:
    """A provider's hosts, and the variable that says where the fake one is."""

    def __init__(self, variable, redirected, refused, client):
        self.variable = variable
        self.redirected = redirected
        self.refused = redirected + refused
        self.client = client
        written = os.environ.get(variable)
        self.file = _file(written, variable)
        self.fixed = None if self.file else _address(written, variable)

    def target(self):
        """The base URL of the fake, or None where nothing says it, or nothing yet."""
        if self.file is None:
            return self.fixed
        try:
            with open(self.file, encoding="ascii") as file:
                target = _parsed(file.read().strip())
        except (OSError, ValueError):
            return None
        if target:
            _past_proxies(target)
        return target

    def refusal(self, host):
        target = self.target()
        if target:
            why = "%s was called in a way that cannot be redirected to %s; call it with %s" % (host, target, self.client)
        elif self.file is not None:
            why = "%s was called, and %s names the file %s, which holds no address: is `prodverdict rehearse` running?" % (
                host,
                self.variable,
                self.file,
            )
        else:
            why = "%s was called, and %s does not say where the fake one is; set it to an address such as %s" % (
                host,
                self.variable,
                "http://127.0.0.1:12111",
            )
        return RedirectError("prodverdict: %s (nothing was sent to the real one)" % why)

    def redirected_url(self, url):
        """The same path at the fake, when the URL is one of the provider's."""
        for host in self.redirected:
            start = "https://" + host
            if isinstance(url, str) and url.startswith(start) and url[len(start) : len(start) + 1] in ("", "/", "?", ":"):
                target = self.target()
                if not target:
                    raise self.refusal(host)
                rest = url[len(start) :]
                return target + (rest[4:] if rest.startswith(":443") else rest)
        return url


class RedirectError(ConnectionError):
    """A call that would have reached the real provider."""


def _file(written, variable):
    """The path of a file that holds the address, or None where the text is meant as one itself."""
    if written and os.path.isabs(written):
        return written
    if not written or not written.startswith("file:"):
        return None
    from urllib.parse import unquote, urlsplit

    try:
        url = urlsplit(written)
        if url.netloc in ("", "localhost") and url.path.startswith("/") and not url.query and not url.fragment:
            return unquote(url.path)
    except ValueError:
        pass
    return _malformed(written, variable)


def _address(written, variable):
    """The base URL that is written, or None where there is none."""
    if not written:
        return None
    return _parsed(written) or _malformed(written, variable)


def _parsed(written):
    from urllib.parse import urlsplit

    try:
        url = urlsplit(written)
        bare = url.path in ("", "/") and not url.query and not url.fragment and "@" not in url.netloc
        if url.scheme == "http" and bare and url.hostname and not _is_provider(url.hostname):
            return "http://%s" % (url.netloc if url.port else url.netloc.rstrip(":"))
    except ValueError:
        pass
    return None


def _is_provider(host):
    return host.endswith((".stripe.com", ".paddle.com"))


def _malformed(written, variable):
    # An exception in this file would only be printed, and the program would continue without the redirect.
    sys.stderr.write(
        "prodverdict: %s is %r, and not an address such as http://127.0.0.1:12111; set it to the base URL that "
        "`prodverdict` prints, or to the absolute path of its `address_file`, or take this folder out of PYTHONPATH\n"
        % (variable, written)
    )
    sys.stderr.flush()
    os._exit(2)


def _host(name):
    if isinstance(name, (bytes, bytearray)):
        name = bytes(name).decode("ascii", "replace")
    return name.lower().rstrip(".") if isinstance(name, str) else ""


def _refuse(name):
    host = _host(name)
    if host in _PROVIDERS_OF:
        raise _PROVIDERS_OF[host].refusal(host)


def _patch_stripe_http(module):
    """Every transport of the package inherits from one class and is asked by one of these methods."""
    client = module.HTTPClient

    def wrap(original):
        @functools.wraps(original)
        def asked(self, method, url, *rest, **named):
            to = _STRIPE.redirected_url(url)
            if to != url:
                for name in ("_proxy", "_parsed_proxy"):
                    if getattr(self, name, None):
                        setattr(self, name, None)
                if getattr(self, "_opener", None):
                    self._opener = None
            return original(self, method, to, *rest, **named)

        return asked

    names = (
        "request_with_retries",
        "request_stream_with_retries",
        "request_with_retries_async",
        "request_stream_with_retries_async",
    )
    for name in names:
        original = client.__dict__.get(name)
        if original is not None:
            setattr(client, name, wrap(original))


def _patch_ssl(module):
    """Makes TLS connections to the provider's hosts trust only the certificate authority of the rehearsal: they reach
    the fake through the proxy, or fail before any request is sent."""
    context = module.SSLContext

    def trusting(host):
        provider = _PROVIDERS_OF[host]
        if not _AUTHORITY or host not in provider.redirected:
            raise provider.refusal(host)
        return module.create_default_context(cafile=_AUTHORITY)

    for name in ("wrap_socket", "wrap_bio"):
        original = getattr(context, name)

        def guarded(self, *given, __original=original, **named):
            hosts = [_host(one) for one in (named.get("server_hostname"),) + given]
            for host in hosts:
                if host in _PROVIDERS_OF:
                    self = trusting(host)
            return __original(self, *given, **named)

        setattr(context, name, functools.wraps(original)(guarded))


def _patch_socket(module):
    original = module.getaddrinfo

    @functools.wraps(original)
    def getaddrinfo(host, *rest, **named):
        _refuse(host)
        return original(host, *rest, **named)

    module.getaddrinfo = getaddrinfo


def _patch_requests(module):
    """The official Paddle library sends everything through adapters of `requests`."""
    original = module.HTTPAdapter.send

    @functools.wraps(original)
    def send(self, request, *rest, **named):
        to = _PADDLE.redirected_url(request.url)
        if to != request.url:
            # Links in the response begin with the host that was asked for.
            request.headers.setdefault("Host", request.url.split("/")[2])
            request.url = to
            named["proxies"] = {}
        return original(self, request, *rest, **named)

    module.HTTPAdapter.send = send


def _patch_httpx(module):
    """Clients that were written by hand often use `httpx`."""

    def wrap(original):
        @functools.wraps(original)
        def build(self, method, url, *rest, **named):
            request = original(self, method, url, *rest, **named)
            to = _PADDLE.redirected_url(str(request.url))
            if to != str(request.url):
                # The header with the host that was asked for stays: links in the response begin with it.
                request.url = module.URL(to)
            return request

        return build

    module.BaseClient.build_request = wrap(module.BaseClient.build_request)


_PATCHES = {
    "requests.adapters": _patch_requests,
    "httpx._client": _patch_httpx,
    "stripe._http_client": _patch_stripe_http,
    "stripe.http_client": _patch_stripe_http,
    "ssl": _patch_ssl,
    "socket": _patch_socket,
}


class _Finder:
    """Patches a module right after it was executed, and costs nothing where it is never imported."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        patch = _PATCHES.get(name)
        if patch is None:
            return None
        spec = None
        for finder in sys.meta_path:
            if finder is not cls and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    break
        if spec is None or not hasattr(spec.loader, "exec_module"):
            return spec
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            if hasattr(module, "HTTPClient") or not name.startswith("stripe"):
                _PATCHES.pop(name, lambda _: None)(module)

        try:
            spec.loader.exec_module = exec_module
        except AttributeError:
            return spec
        return spec


def _past_proxies(target):
    """Transports that ask the environment for a proxy are told that the fake needs none."""
    from urllib.parse import urlsplit

    host = urlsplit(target).hostname
    written = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = [one.strip() for one in written.split(",") if one.strip()]
    if host not in hosts and "*" not in hosts:
        hosts.append(host)
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(hosts)


def _run_the_other():
    """The sitecustomize that this one stands in front of still does its work."""
    here = os.path.dirname(os.path.realpath(__file__))
    path = [folder for folder in sys.path if os.path.realpath(folder or os.curdir) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


_STRIPE = _Provider(
    "PRODVERDICT_STRIPE_API",
    ("api.stripe.com", "files.stripe.com"),
    ("connect.stripe.com", "meter-events.stripe.com"),
    "the `stripe` package",
)
_PADDLE = _Provider(
    "PRODVERDICT_PADDLE_API",
    ("api.paddle.com", "sandbox-api.paddle.com"),
    (),
    "its own package, `requests` or `httpx`",
)
_PROVIDERS_OF = {host: one for one in (_STRIPE, _PADDLE) for host in one.refused}
_AUTHORITY = os.environ.get("PRODVERDICT_CA")
for _one in (_STRIPE, _PADDLE):
    if _one.fixed:
        _past_proxies(_one.fixed)
for _name in list(_PATCHES):
    if _name in sys.modules:
        _PATCHES.pop(_name)(sys.modules[_name])
sys.meta_path.insert(0, _Finder)
_run_the_other()
