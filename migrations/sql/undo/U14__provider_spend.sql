-- Undo of V14. What was spent today is forgotten.
drop table provider_spend;
