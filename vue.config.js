/**
 * Build of the host application: the stock Rancher Dashboard, from `@rancher/shell`.
 *
 * No package of ours is compiled in: the extension is loaded at run time as a UMD plugin, exactly as a
 * real Rancher loads it. So the host needs to be built once only, and is cached (`scripts/lib/shell.mjs`).
 *
 * NO_MAPS=1 leaves source maps out (a third of the memory, a third of the size).
 */
const fs = require('fs');
const path = require('path');
const shellConfig = require('@rancher/shell/vue.config');

const packages = path.join(__dirname, 'pkg');
const config = shellConfig(__dirname, { excludes: fs.existsSync(packages) ? fs.readdirSync(packages) : [] });

if (process.env.NO_MAPS) {
  const shellWebpack = config.configureWebpack;

  // The shell sets `devtool` inside this function, so it can only be taken back after it has run.
  config.configureWebpack = (webpackConfig) => {
    shellWebpack(webpackConfig);
    webpackConfig.devtool = false;
  };
  config.productionSourceMap = false;
}

module.exports = config;
