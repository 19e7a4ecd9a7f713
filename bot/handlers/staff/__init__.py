"""Staff accounts, sign-in, duty list, paired chats, switches and the audit trail."""
