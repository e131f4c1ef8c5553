"""Finance's pages: ceilings, payouts checked, decisions and their proof, the log, exports."""
