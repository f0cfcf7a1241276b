import { NODE } from '../contract/api.ts';
import type { KubeObject, NodeSelectorTerm, PersistentVolume } from '../contract/kubernetes.ts';
import type { KubeClient } from '../kube/client.ts';

interface Node extends KubeObject { spec?: { unschedulable?: boolean }; status?: { conditions?: { type: string; status: string }[] } }

function matches(node: Node, { matchExpressions = [] }: NodeSelectorTerm): boolean {
  return matchExpressions.every(({ key, operator, values = [] }) => {
    const value = node.metadata.labels?.[key];

    switch (operator) {
      case 'In': return value !== undefined && values.includes(value);
      case 'NotIn': return value === undefined || !values.includes(value);
      case 'Exists': return value !== undefined;
      case 'DoesNotExist': return value === undefined;
      default: return false;
    }
  });
}

/** Nodes that are ready and take pods. */
async function readyNodes(client: KubeClient): Promise<Node[]> {
  const { items } = await client.list<Node>(NODE);

  return items.filter((node) => !node.spec?.unschedulable && node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'));
}

/**
 * A ready node on which a volume can be used (its nodeAffinity), or any ready one for a volume without affinity.
 * Undefined when there is none.
 */
export async function nodeFor(client: KubeClient, volume: PersistentVolume | undefined): Promise<string | undefined> {
  const terms = volume?.spec.nodeAffinity?.required?.nodeSelectorTerms;
  const nodes = await readyNodes(client);

  return nodes.find((node) => !terms || terms.some((term) => matches(node, term)))?.metadata.name;
}
