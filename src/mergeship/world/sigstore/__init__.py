"""An embedded Sigstore: certificates for identities of the embedded forge, and a log of what they signed."""
