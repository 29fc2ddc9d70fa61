// prodverdict: sends this program's calls of a billing provider's API to a fake one.
//
// Load it before the program: NODE_OPTIONS="--require <this file>", with PRODVERDICT_STRIPE_API or PRODVERDICT_PADDLE_API
// (or both) set to http://host:port, or to the path of a file that will hold that address (`fake.address_file`), which is
// read at each call. Requests to the provider's hosts over `https`, `http` or `fetch` are sent there instead, without
// proxies or agents. Requests that it cannot redirect fail: none reaches a real API while this file is loaded.
'use strict';

const dns = require('node:dns');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const path = require('node:path');
const tls = require('node:tls');
const { syncBuiltinESMExports } = require('node:module');
const { Duplex, Readable } = require('node:stream');
const { fileURLToPath } = require('node:url');

const PROVIDERS = [
  {
    name: 'Stripe',
    variable: 'PRODVERDICT_STRIPE_API',
    redirected: ['api.stripe.com', 'files.stripe.com'],
    refused: ['connect.stripe.com', 'meter-events.stripe.com'],
  },
  {
    name: 'Paddle',
    variable: 'PRODVERDICT_PADDLE_API',
    redirected: ['api.paddle.com', 'sandbox-api.paddle.com'],
    refused: [],
  },
];
/** The provider of each host. */
const REDIRECTED = new Map(PROVIDERS.flatMap((one) => one.redirected.map((host) => [host, one])));
const REFUSED = new Map([
  ...REDIRECTED,
  ...PROVIDERS.flatMap((one) => one.refused.map((host) => [host, one])),
]);
const LOADED = Symbol.for('prodverdict.redirect');

/** What a TLS connection is told and a plain one must not be, and what would lead the request past the fake. */
const DROPPED = [
  'agent', 'auth', 'ca', 'cert', 'checkServerIdentity', 'ciphers', 'createConnection', 'defaultPort', 'host', 'hostname',
  'href', 'key', 'localAddress', 'lookup', 'origin', 'passphrase', 'pfx', 'port', 'protocol', 'rejectUnauthorized',
  'secureContext', 'secureProtocol', 'servername', 'session', 'socketPath', 'family', '_defaultAgent',
];

/** Tells where the fake is whenever it is asked; null where nothing says it, or nothing yet. */
function finder(variable) {
  const written = process.env[variable];
  if (written === undefined || written === '') return () => null;
  const file = fileOf(written, variable);
  if (file === null) {
    const target = address(written, variable);
    return () => target;
  }
  return () => {
    try {
      return address(fs.readFileSync(file, 'utf8').trim(), variable);
    } catch {
      return null;
    }
  };
}

/** The path of a file that holds the address; null where the text is meant as one itself. */
function fileOf(written, variable) {
  if (path.isAbsolute(written)) return written;
  if (!written.startsWith('file:')) return null;
  try {
    return fileURLToPath(written);
  } catch {
    throw malformed(written, variable);
  }
}

/** An address as it is written. */
function address(written, variable) {
  let url;
  try {
    url = new URL(written);
  } catch {
    throw malformed(written, variable);
  }
  const bare = url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password;
  if (url.protocol !== 'http:' || !bare || !url.hostname || REFUSED.has(url.hostname)) throw malformed(written, variable);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80), origin: url.origin };
}

function malformed(written, variable) {
  return new Error(
    `prodverdict: ${variable} is ${JSON.stringify(written)}, and not an address such as http://127.0.0.1:12111; set it ` +
      'to the base URL that `prodverdict` prints, or to the absolute path of its `address_file`, or take this file out ' +
      'of NODE_OPTIONS',
  );
}

function refusal(host, target) {
  const { name, variable } = REFUSED.get(host);
  const why = target
    ? `${host} was called in a way that cannot be redirected to ${target.origin}; call it with fetch, node:https or the ` +
      `${name} library`
    : `${host} was called, and ${variable} ${unsaid(variable)}`;
  const error = new Error(`prodverdict: ${why} (nothing was sent to the real one)`);
  error.code = 'ERR_PRODVERDICT_REDIRECT';
  return error;
}

/** Why it is not known where the fake is. */
function unsaid(variable) {
  const written = process.env[variable];
  return written
    ? `names the file ${written}, which holds no address: is \`prodverdict rehearse\` running?`
    : 'does not say where the fake one is; set it to an address such as http://127.0.0.1:12111';
}

function install() {
  const lines = new Map();
  const lineTo = (target) => {
    if (!lines.has(target.origin)) lines.set(target.origin, new LineToTheFake(target));
    return lines.get(target.origin);
  };
  const requests = [http, https].map((module) => [module, module.request]);
  for (const [module, original] of requests) {
    module.request = function request(...given) {
      const call = callOf(given);
      if (call === null || !REDIRECTED.has(call.host)) return original.apply(this, given);
      return send(call.options, call.listener);
    };
    module.get = function get(...given) {
      const request = module.request(...given);
      request.end();
      return request;
    };
  }
  const plainRequest = requests[0][1];

  function send(options, listener) {
    const kept = { ...options };
    for (const name of DROPPED) delete kept[name];
    // Links in the response begin with the host that was asked for.
    if (!Array.isArray(kept.headers) && !hasHeader(kept.headers, 'host')) {
      kept.headers = { ...kept.headers, host: hostOf(options) };
    }
    const target = REDIRECTED.get(hostOf(options)).find();
    const to = target
      ? { protocol: 'http:', host: target.host, port: target.port, agent: lineTo(target) }
      : { protocol: 'http:', host: '127.0.0.1', createConnection: () => broken(refusal(hostOf(options), null)) };
    return plainRequest.call(http, { ...kept, ...to }, listener);
  }

  redirectFetch(send);
  refuseTheRest();
  syncBuiltinESMExports();
}

/** A pool of its own: no proxy of the program's or of the environment's stands between it and the fake. */
class LineToTheFake extends http.Agent {
  constructor(target) {
    super({ keepAlive: true, timeout: 5000 });
    this.target = target;
  }

  createConnection() {
    const socket = net.connect({ host: this.target.host, port: this.target.port, noDelay: true });
    // Some clients, including older versions of Stripe's own, write a body only once TLS is established.
    socket.once('connect', () => socket.emit('secureConnect'));
    return socket;
  }
}

/** A connection that ends in this error. */
function broken(error) {
  const socket = new Duplex({ read() {}, write() {} });
  for (const name of ['setTimeout', 'setNoDelay', 'setKeepAlive', 'ref', 'unref']) socket[name] = () => socket;
  setImmediate(() => socket.destroy(error));
  return socket;
}

/** The arguments of `request`, in all of its spellings; null where Node has to complain about them itself. */
function callOf([first, second, third]) {
  let options;
  let listener = third;
  if (typeof first === 'string' || first instanceof URL) {
    let url;
    try {
      url = new URL(first);
    } catch {
      return null;
    }
    options = { host: url.hostname, path: url.pathname + url.search };
    if (url.username || url.password) {
      const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      options.headers = { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
    }
    if (typeof second === 'function') listener = second;
    else Object.assign(options, second);
  } else if (first !== null && typeof first === 'object') {
    options = { ...first };
    if (typeof second === 'function') listener = second;
    if (typeof first.auth === 'string' && !hasHeader(first.headers, 'authorization')) {
      const basic = `Basic ${Buffer.from(first.auth).toString('base64')}`;
      options.headers = Array.isArray(first.headers)
        ? [...first.headers, 'Authorization', basic]
        : { ...first.headers, Authorization: basic };
    }
  } else {
    return null;
  }
  return { host: hostOf(options), options, listener };
}

function hasHeader(headers, name) {
  const names = Array.isArray(headers) ? headers.flat() : Object.keys(headers ?? {});
  return names.some((written) => String(written).toLowerCase() === name);
}

function hostOf(options) {
  const host = String(options.hostname || options.host || '').toLowerCase();
  return host.replace(/:\d+$/, '').replace(/\.$/, '');
}

/** `fetch` knows dispatchers, and those know proxies; what is redirected goes out as every other request does. */
function redirectFetch(send) {
  const original = globalThis.fetch;
  if (typeof original !== 'function') return;
  const wrapped = function fetch(input, init) {
    const url = urlOf(input);
    if (url === null || !REDIRECTED.has(url.hostname)) return original.apply(this, arguments);
    if (!REDIRECTED.get(url.hostname).find()) return Promise.reject(new TypeError('fetch failed', { cause: refusal(url.hostname, null) }));
    return fetched(url, input, init, send);
  };
  Object.defineProperty(globalThis, 'fetch', { value: wrapped, writable: true, enumerable: true, configurable: true });
}

function urlOf(input) {
  try {
    return new URL(input instanceof Request ? input.url : String(input));
  } catch {
    return null;
  }
}

async function fetched(url, input, init, send) {
  const { dispatcher: _ignored, ...wanted } = init ?? {};
  // Request rejects invalid arguments like fetch does. The signal is passed on explicitly, because a copied one can be
  // collected before it fires.
  const request = new Request(input instanceof Request ? input : url, wanted);
  const signal = wanted.signal ?? (input instanceof Request ? input.signal : undefined);
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const headers = Object.fromEntries(request.headers);
    headers['user-agent'] ??= 'node';
    headers.accept ??= '*/*';
    const outgoing = send({ host: url.hostname, path: url.pathname + url.search, method: request.method, headers });
    const abort = () => {
      reject(signal.reason);
      outgoing.destroy();
    };
    signal?.addEventListener('abort', abort, { once: true });
    outgoing.on('error', (cause) => reject(new TypeError('fetch failed', { cause })));
    outgoing.on('response', (incoming) => {
      incoming.on('close', () => signal?.removeEventListener('abort', abort));
      resolve(responseOf(incoming, request));
    });
    if (request.body) {
      const body = Readable.fromWeb(request.body);
      body.on('error', (error) => outgoing.destroy(error));
      body.pipe(outgoing);
    } else {
      outgoing.end();
    }
  });
}

function responseOf(incoming, request) {
  const headers = new Headers();
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
    headers.append(incoming.rawHeaders[at], incoming.rawHeaders[at + 1]);
  }
  const bodiless = [101, 204, 205, 304].includes(incoming.statusCode) || request.method === 'HEAD';
  if (bodiless) incoming.resume();
  const response = new Response(bodiless ? null : Readable.toWeb(incoming), {
    status: incoming.statusCode,
    statusText: incoming.statusMessage,
    headers,
  });
  Object.defineProperty(response, 'url', { value: request.url });
  return response;
}

/** The last line: no name of a provider is looked up, and no TLS connection to it begins, through a proxy or not. */
function refuseTheRest() {
  const connect = tls.connect;
  tls.connect = function (...given) {
    const names = given.flatMap((one) => {
      if (typeof one === 'string') return [hostOf({ host: one })];
      return one && typeof one === 'object' ? [one.servername, one.host].map((host) => hostOf({ host })) : [];
    });
    const name = names.find((host) => REFUSED.has(host));
    if (name === undefined) return connect.apply(this, given);
    const socket = new tls.TLSSocket();
    setImmediate(() => socket.destroy(refusal(name, REFUSED.get(name).find())));
    return socket;
  };
  const lookup = dns.lookup;
  // Node's own `util.promisify` relies on its properties.
  const guarded = function (name, options, callback) {
    const host = hostOf({ host: name });
    if (!REFUSED.has(host)) return lookup.apply(this, arguments);
    const done = typeof options === 'function' ? options : callback;
    setImmediate(done, refusal(host, REFUSED.get(host).find()));
    return {};
  };
  dns.lookup = Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(lookup));
  const promised = dns.promises.lookup;
  dns.promises.lookup = function (name, ...rest) {
    const host = hostOf({ host: name });
    return REFUSED.has(host) ? Promise.reject(refusal(host, REFUSED.get(host).find())) : promised.call(this, name, ...rest);
  };
}

if (!globalThis[LOADED]) {
  globalThis[LOADED] = true;
  for (const one of PROVIDERS) one.find = finder(one.variable);
  install();
}
