// Every installed major version of stripe-node, the oldest first.
'use strict';
const { dependencies } = require('./package.json');

exports.majors = Object.keys(dependencies).filter((name) => name.startsWith('stripe-')).sort();
