"""The live screen of `labs watch`: state, polling, check scheduling and views."""
