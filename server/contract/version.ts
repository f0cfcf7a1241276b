/** The product's version, as the server, the metrics and the CLI tell it. A test keeps it equal to package.json's. */
export const PRODUCT_VERSION = '0.1.0';
