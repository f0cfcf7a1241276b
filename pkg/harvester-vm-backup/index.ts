import { importTypes } from '@rancher/auto-import';
import { ActionLocation, type IPlugin } from '@shell/core/types';
import { HARVESTER, TYPE } from './config/types';
import { backUpAction } from './features/vms/back-up-action';
import { routes } from './routing';

/** Entry point of the extension: registers types by folder, both products' navigation, our routes and the action on Harvester's VM list. */
export default function(plugin: IPlugin): void {
  importTypes(plugin);
  plugin.metadata = require('./package.json');
  plugin.addProduct(require('./product'));
  plugin.addProduct(require('./harvester-nav'));
  plugin.addRoutes(routes);
  plugin.addAction(ActionLocation.TABLE, { product: [HARVESTER], resource: [TYPE.vm] }, backUpAction());
}
