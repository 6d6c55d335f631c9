"""What every answer says, whoever gives it and whatever it is: a page may say more, nothing says less."""

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
OF_A_FILE = "sandbox; default-src 'none'; frame-ancestors 'none'"  # the policy of what somebody sent us
OVER_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}
