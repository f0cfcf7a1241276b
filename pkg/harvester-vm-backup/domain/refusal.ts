/** What Kubernetes puts before the words of an admission policy: object, policy and binding. */
const BY_POLICY = /^\S+ "[^"]*" is forbidden: ValidatingAdmissionPolicy '[^']*' with binding '[^']*' denied request: /;

/** The part of an error that a person needs: our policies say by themselves who lacks what on which object. Other texts stay as they are. */
export function plainRefusal(message: string): string {
  return message.replace(BY_POLICY, '');
}
