// Every major version that is installed, oldest first.
'use strict';
const { dependencies } = require('./package.json');

exports.majors = Object.keys(dependencies).sort();
