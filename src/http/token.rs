//! Tokens that prove who a shopper is: signed by the server, so nothing about them is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::id::ShopperId;
use crate::domain::time::Timestamp;

/// What a shopper's token begins with; no key does.
const PREFIX: &str = "shopper.";

/// Signs and checks shoppers' tokens: `shopper.ID.EXPIRY.SIGNATURE`, the shopper's id and the
/// HMAC-SHA256 of everything before it in base64url, the expiry in milliseconds since 1970.
pub(super) struct TokenSigner(Hmac<Sha256>);

impl TokenSigner {
    pub(super) fn new(secret: &[u8; 32]) -> Self {
        // HMAC pads a key with zeros to the block of its hash.
        let mut block = [0_u8; 64];
        block[..32].copy_from_slice(secret);
        Self(Hmac::new(&block.into()))
    }

    /// A token for one shopper that ends at `expires_at`.
    pub(super) fn sign(&self, shopper: &ShopperId, expires_at: Timestamp) -> String {
        let id = URL_SAFE_NO_PAD.encode(shopper.as_str());
        let claim = format!("{PREFIX}{id}.{}", expires_at.as_ms());
        let mac = self.0.clone().chain_update(claim.as_bytes()).finalize().into_bytes();
        format!("{claim}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// What stands for a shopper where the id itself is not to be kept: 16 hexadecimal digits of an
    /// HMAC.
    pub(super) fn pseudonym(&self, shopper: &str) -> String {
        let mac = self.0.clone().chain_update(b"pseudonym.").chain_update(shopper.as_bytes());
        mac.finalize().into_bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whom a token is for, when it is genuine and has not ended.
    pub(super) fn shopper(&self, token: &str, now: Timestamp) -> Option<ShopperId> {
        let (claim, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.0.clone().chain_update(claim.as_bytes()).verify_slice(&signature).ok()?;
        let (id, expires_ms) = claim.strip_prefix(PREFIX)?.split_once('.')?;
        if now.as_ms() >= expires_ms.parse().ok()? {
            return None;
        }
        let id = String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
        ShopperId::parse(&id).ok()
    }
}

/// Whether a text is meant as a shopper's token.
pub(super) fn is_shopper_token(token: &str) -> bool {
    token.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_one_shopper_until_it_ends_and_cannot_be_changed() {
        let signer = TokenSigner::new(&[7; 32]);
        let shopper = ShopperId::parse("anna.b@example").expect("valid");
        let token = signer.sign(&shopper, Timestamp::from_ms(1_000));
        let at = |ms| Timestamp::from_ms(ms);
        assert_eq!(signer.shopper(&token, at(999)), Some(shopper.clone()));
        assert_eq!(signer.shopper(&token, at(1_000)), None);
        assert_eq!(TokenSigner::new(&[8; 32]).shopper(&token, at(0)), None);
        let later = token.replace(".1000.", ".9000.");
        assert_eq!(signer.shopper(&later, at(0)), None);
        for place in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).expect("ASCII");
            // The last character carries two bits that decoders ignore or refuse.
            assert!(signer.shopper(&forged, at(0)).is_none() || place + 1 == token.len());
        }
        for broken in ["", ".", "shopper.", "shopper.x.y", "shopper..."] {
            assert_eq!(signer.shopper(broken, at(0)), None, "{broken}");
        }
    }

    #[test]
    fn the_signature_is_hmac_sha256() {
        // RFC 4231 has no key of 32 bytes; this value is from `openssl dgst -sha256 -mac HMAC`.
        let signer = TokenSigner::new(&[0x0b; 32]);
        let mac = signer.0.clone().chain_update(b"Hi There").finalize().into_bytes();
        let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7");
    }
}
