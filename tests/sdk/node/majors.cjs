// Every installed major version, the oldest first.
'use strict';
const { dependencies } = require('./package.json');

exports.majors = Object.keys(dependencies).sort();
