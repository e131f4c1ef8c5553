"""The same files on several machines: rows that share money are brought together by Spark, then decided as locally.

    file ─► cuts ─► survey ─► rows with keys ─► shuffle by key ─► decided ─► shuffle by cut ─► written ─► result

A cut is a range of a file that is read by itself. The key of a row names all rows that its amount may depend on; within
a key they keep the order of the file. Executors run `Run` and the writers of `service.batch`: no rule stands here.
"""
